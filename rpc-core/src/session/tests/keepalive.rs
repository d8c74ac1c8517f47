//! A peer that says nothing, and a connection that nobody needs.

use super::*;

const KEEPALIVE: Duration = Duration::from_secs(30);
const TIMEOUT: Duration = Duration::from_secs(10);
const IDLE: Duration = Duration::from_secs(600);
const TICK: Duration = Duration::from_millis(1);

impl Bench {
    fn heard(&mut self) {
        self.session.handle_heard(self.now);
    }

    /// Lets time pass until something is due, and says how long that was.
    #[track_caller]
    fn wait_until_due(&mut self) -> Duration {
        let waited = self.session.poll_timeout().unwrap() - self.now;
        self.wait(waited);
        waited
    }

    fn judged(&self) -> Option<Verdict> {
        self.session.verdict(self.now)
    }
}

fn asks(frames: &[Frame]) -> bool {
    matches!(frames[..], [Frame::Ping(_)])
}

#[test]
fn a_silent_peer_is_asked_while_calls_are_open_and_given_up_when_it_does_not_answer() {
    let mut client = Bench::client();
    client.heard();
    client.sent(1);
    client.wait(KEEPALIVE - TICK);
    assert!(client.said().is_empty());
    client.wait(TICK);
    assert!(asks(&client.said()));
    assert_eq!(client.judged(), None);
    assert_eq!(client.wait_until_due(), TIMEOUT);
    assert!(client.said().is_empty(), "it is asked once");
    assert_eq!(client.judged(), Some(Verdict::Silent));
}

#[test]
fn whatever_a_peer_says_shows_that_it_is_there() {
    let mut client = Bench::client();
    client.heard();
    client.sent(1);
    for _ in 0..3 {
        assert_eq!(client.wait_until_due(), KEEPALIVE);
        assert!(asks(&client.said()));
        client.wait(TIMEOUT - TICK);
        assert_eq!(client.judged(), None);
        client.heard();
    }
}

#[test]
fn a_server_asks_for_the_client_whose_handlers_run() {
    let mut server = Bench::server();
    server.heard();
    server.hear(small_call(1));
    server.begin();
    assert_eq!(server.wait_until_due(), KEEPALIVE);
    assert!(asks(&server.said()));
    assert_eq!(server.wait_until_due(), TIMEOUT);
    assert_eq!(server.judged(), Some(Verdict::Silent));
}

#[test]
fn a_peer_that_was_not_heard_at_all_is_the_handshakes_matter() {
    let mut client = Bench::client();
    client.sent(1);
    assert_eq!(client.session.poll_timeout(), None);
}

#[test]
fn an_idle_connection_is_closed_by_the_client() {
    let mut client = Bench::client();
    client.heard();
    assert_eq!(client.wait_until_due(), IDLE);
    assert_eq!(client.judged(), Some(Verdict::Idle));
    let mut client = Bench::client();
    client.heard();
    client.wait(IDLE - TICK);
    assert_eq!(client.judged(), None);
}

#[test]
fn an_idle_connection_is_kept_by_the_server_as_long_as_its_client_is_there() {
    let mut server = Bench::server();
    server.heard();
    assert_eq!(server.wait_until_due(), IDLE);
    assert!(asks(&server.said()));
    assert_eq!(server.judged(), None);
    server.heard();
    assert_eq!(server.wait_until_due(), IDLE);
    assert!(asks(&server.said()));
    assert_eq!(server.wait_until_due(), TIMEOUT);
    assert_eq!(server.judged(), Some(Verdict::Silent));
}

#[test]
fn a_call_that_comes_while_a_silent_peer_is_asked_changes_nothing() {
    let mut server = Bench::server();
    server.heard();
    server.wait(IDLE);
    server.hear(small_call(1));
    server.heard();
    assert_eq!(server.wait_until_due(), KEEPALIVE);
}

#[test]
fn a_lost_connection_asks_nobody() {
    let mut client = Bench::client();
    client.heard();
    client.sent(1);
    client.lose();
    assert_eq!(client.session.poll_timeout(), None);
    assert_eq!(client.judged(), None);
}

/// A keepalive of the least interval is within what the least peer takes (W-39), however long it goes on.
#[test]
fn a_ping_each_second_is_no_flood() {
    let limits = Limits::default().with_keepalive(Duration::ZERO, Duration::ZERO).within_protocol();
    assert_eq!(limits.keepalive, Duration::from_secs(1));
    let mut server = Bench::server();
    for _ in 0..30_000 {
        server.hear(Frame::Ping([1; 8]));
        server.wait(limits.keepalive);
    }
}

#[test]
fn a_retired_connection_starts_no_calls_and_ends_with_the_last_one() {
    let mut client = Bench::client();
    let tickets: Vec<Ticket> = (0..17).map(|_| client.start(1)).collect();
    let ids = calls(&client.said());
    assert_eq!(ids.len(), 16, "one waits for a slot");
    assert!(client.session.is_live());
    client.session.retire();
    assert!(!client.session.is_live());
    let error = client.try_call(&outgoing(1)).unwrap_err();
    assert_eq!((error.code(), error.delivery()), (Code::Unavailable, Delivery::NotSent));
    for id in ids {
        assert!(!client.session.is_finished());
        client.hear(reply(id, part(1)));
    }
    let waited = calls(&client.said());
    assert_eq!(waited.len(), 1, "what was made before goes on");
    client.hear(reply(waited[0], part(1)));
    assert!(matches!(client.said()[..], [Frame::Goaway { last: 0, .. }]));
    assert!(client.session.is_finished());
    for ticket in tickets {
        assert!(matches!(client.outcome(ticket), Outcome::Reply(_)));
    }
}

/// Answers between the two keep a connection alive, and not in use.
#[test]
fn an_idle_connection_is_closed_however_often_its_server_asks() {
    let mut client = Bench::client();
    client.heard();
    client.wait(IDLE - TICK);
    client.heard();
    client.hear(Frame::Ping([1; 8]));
    assert_eq!(client.wait_until_due(), TICK);
    assert_eq!(client.judged(), Some(Verdict::Idle));
}

#[test]
fn an_idle_connection_was_in_use_until_its_last_answer_came() {
    let mut client = Bench::client();
    client.heard();
    client.wait(KEEPALIVE - TICK);
    let (_, id) = client.sent(1);
    client.heard();
    client.hear(reply(id, part(1)));
    assert_eq!(client.wait_until_due(), IDLE);
    assert_eq!(client.judged(), Some(Verdict::Idle));
}

#[test]
fn a_call_of_the_peer_is_a_use_of_the_connection() {
    let mut client = Bench::client();
    client.heard();
    client.wait(IDLE - TICK);
    client.heard();
    client.hear(small_call(2));
    let id = client.begin().unwrap();
    client.session.reply(id, Answer::Stopped);
    assert_eq!(client.wait_until_due(), IDLE);
    assert_eq!(client.judged(), Some(Verdict::Idle));
}

/// The driver has a limit for what the peer does not read; a time that stays over would keep it busy until then.
#[test]
fn an_end_with_nothing_left_but_to_write_is_never_due() {
    for role in [Role::Client, Role::Server] {
        let mut end = Bench::greeted(role, least(), roomy());
        end.heard();
        end.wait(IDLE);
        end.session.retire();
        assert_eq!((end.session.poll_timeout(), end.judged()), (None, None));
    }
    let mut server = Bench::server();
    server.heard();
    server.session.conclude(Reason::Shutdown, "");
    assert_eq!(server.session.poll_timeout(), None);
}

#[test]
fn a_peer_that_is_silent_for_long_is_asked_as_soon_as_a_call_is_made() {
    let mut server = Bench::server();
    server.heard();
    server.wait(KEEPALIVE);
    assert!(server.said().is_empty(), "nobody waits for it");
    server.sent(1);
    assert_eq!(server.wait_until_due(), Duration::ZERO);
    assert!(asks(&server.said()));
    assert_eq!(server.wait_until_due(), TIMEOUT);
    assert_eq!(server.judged(), Some(Verdict::Silent));
}

#[test]
fn a_retired_connection_gives_up_a_silent_peer_too() {
    let mut client = Bench::client();
    client.heard();
    client.sent(1);
    client.session.retire();
    assert_eq!(client.wait_until_due(), KEEPALIVE);
    assert!(asks(&client.said()));
    assert_eq!(client.wait_until_due(), TIMEOUT);
    assert_eq!(client.judged(), Some(Verdict::Silent));
}

#[test]
fn a_retired_connection_still_serves_the_calls_of_its_peer() {
    let mut client = Bench::client();
    client.sent(1);
    client.session.retire();
    client.hear(small_call(2));
    let id = client.begin().unwrap();
    client.session.reply(id, Answer::Reply { metadata: None, message: message(1) });
    assert!(matches!(client.said()[..], [Frame::Reply { id: 2, .. }]));
}

#[test]
fn an_idle_connection_that_retires_ends_at_once() {
    let mut server = Bench::server();
    server.session.retire();
    assert!(matches!(server.said()[..], [Frame::Goaway { last: 0, reason: Reason::Shutdown, .. }]));
    assert!(server.session.is_finished());
}
