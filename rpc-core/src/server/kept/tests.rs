use super::*;

const LONGEST: Duration = Duration::from_secs(60);
/// An answer of this length takes a round number of bytes.
const LEN: usize = 1000 - OVERHEAD;
const ASKED: Asked = Asked { service: 1, method: 2, codec: 0 };
const PEER: ClientId = ClientId { instance: [1; 16] };

type Answers = Kept<&'static str, u32>;

/// A store with room for so many answers, and its clock.
struct Bench {
    kept: Answers,
    now: Instant,
    runs: u32,
}

impl Bench {
    fn new(answers: usize) -> Self {
        Self { kept: Kept::new(1000 * answers, LONGEST), now: Instant::now(), runs: 0 }
    }

    fn first(&mut self, client: ClientId, request: u64) -> Begun<&'static str, u32> {
        self.begin(client, request, false, ASKED)
    }

    fn retry(&mut self, client: ClientId, request: u64) -> Begun<&'static str, u32> {
        self.begin(client, request, true, ASKED)
    }

    fn begin(&mut self, client: ClientId, request: u64, is_retry: bool, asked: Asked) -> Begun<&'static str, u32> {
        self.runs += 1;
        let runs = self.runs;
        let begun = self.kept.begin(client, request, is_retry, asked, || runs, self.now);
        self.check();
        begun
    }

    #[track_caller]
    fn run(&mut self, client: ClientId, request: u64) {
        assert!(matches!(self.first(client, request), Begun::Runs(_)));
        self.answer(client, request);
    }

    fn answer(&mut self, client: ClientId, request: u64) {
        self.kept.end(client, request, Some(("answer", LEN)), self.now);
        self.check();
    }

    fn refuse(&mut self, client: ClientId, request: u64) {
        self.kept.end(client, request, None, self.now);
        self.check();
    }

    /// What is counted is what is there.
    fn check(&self) {
        let Kept { clients, answers, idle, bytes, most_bytes, .. } = &self.kept;
        let mut kept: Vec<(u64, usize)> = clients.values().flat_map(Client::answers).collect();
        kept.sort_unstable();
        assert!(kept.iter().map(|(age, _)| age).eq(answers.keys()));
        assert_eq!(kept.iter().map(|(_, bytes)| bytes).sum::<usize>(), *bytes);
        assert!(bytes <= most_bytes);
        assert!(idle.values().all(|client| clients.contains_key(client)));
    }
}

const DROPPED: Begun<&'static str, u32> = Begun::Unknown(Why::AnswerDropped);

fn client(number: u8) -> ClientId {
    ClientId { instance: [number; 16] }
}

#[test]
fn a_call_runs_joins_and_is_answered() {
    let mut bench = Bench::new(10);
    assert_eq!(bench.first(PEER, 7), Begun::Runs(1));
    assert_eq!(bench.retry(PEER, 7), Begun::Joins(1));
    assert_eq!(bench.first(PEER, 7), Begun::Joins(1), "two first attempts are one too many");
    bench.answer(PEER, 7);
    assert_eq!(bench.retry(PEER, 7), Begun::Answered("answer"));
    bench.kept.end(PEER, 7, Some(("another", LEN)), bench.now);
    assert_eq!(bench.retry(PEER, 7), Begun::Answered("answer"), "a run ends once");
}

#[test]
fn equal_ids_of_two_clients_are_two_calls() {
    let mut bench = Bench::new(10);
    assert_eq!(bench.first(client(1), 7), Begun::Runs(1));
    assert_eq!(bench.first(client(2), 7), Begun::Runs(2));
    bench.answer(client(1), 7);
    assert_eq!(bench.retry(client(2), 7), Begun::Joins(2));
}

#[test]
fn what_is_not_there_has_not_run() {
    let mut bench = Bench::new(10);
    assert_eq!(bench.retry(PEER, 7), Begun::Runs(1), "its first attempt never came");
    assert_eq!(bench.first(PEER, 5), Begun::Runs(2), "in no strict order");
}

#[test]
fn a_refusal_leaves_the_id_free() {
    let mut bench = Bench::new(10);
    assert_eq!(bench.first(PEER, 7), Begun::Runs(1));
    bench.refuse(PEER, 7);
    assert!(bench.kept.clients.is_empty(), "nothing is known of the client");
    assert_eq!(bench.retry(PEER, 7), Begun::Runs(2));
}

/// At the limit, and one past it.
#[test]
fn the_oldest_answers_make_room_and_their_ids_are_not_run_again() {
    let mut bench = Bench::new(3);
    (1..=3).for_each(|request| bench.run(PEER, request));
    assert_eq!(bench.retry(PEER, 1), Begun::Answered("answer"));
    bench.run(PEER, 4);
    assert_eq!(bench.retry(PEER, 1), DROPPED);
    assert_eq!(bench.first(PEER, 1), DROPPED, "a first attempt that comes late may have been made again before");
    assert_eq!(bench.first(PEER, 0), DROPPED, "nothing is known below it");
    assert_eq!(bench.retry(PEER, 2), Begun::Answered("answer"));
    assert!(matches!(bench.retry(PEER, 5), Begun::Runs(_)), "nothing was dropped up here");
}

#[test]
fn an_old_answer_of_one_client_makes_room_for_another_client() {
    let mut bench = Bench::new(2);
    bench.run(client(1), 1);
    bench.run(client(1), 9);
    bench.run(client(2), 1);
    assert_eq!(bench.retry(client(1), 1), DROPPED);
    assert!(matches!(bench.retry(client(2), 0), Begun::Runs(_)), "its ids are its own");
}

#[test]
fn what_runs_is_not_dropped_and_outlives_the_floor() {
    let mut bench = Bench::new(1);
    assert_eq!(bench.first(PEER, 1), Begun::Runs(1));
    bench.run(PEER, 2);
    bench.run(PEER, 3);
    assert_eq!(bench.retry(PEER, 2), DROPPED);
    assert_eq!(bench.retry(PEER, 1), Begun::Joins(1));
    bench.answer(PEER, 1);
    assert_eq!(bench.retry(PEER, 1), Begun::Answered("answer"));
    bench.run(PEER, 4);
    assert_eq!(bench.retry(PEER, 1), DROPPED);
}

/// At the limit, and one past it.
#[test]
fn an_answer_that_is_longer_than_all_of_the_room_is_not_kept() {
    let most = 2 * (LEN + OVERHEAD) - OVERHEAD;
    for (len, kept, other) in [(most, Begun::Answered("long"), DROPPED), (most + 1, DROPPED, Begun::Answered("answer"))]
    {
        let mut bench = Bench::new(2);
        bench.run(PEER, 1);
        assert!(matches!(bench.first(PEER, 2), Begun::Runs(_)));
        bench.kept.end(PEER, 2, Some(("long", len)), bench.now);
        bench.check();
        assert_eq!(bench.retry(PEER, 2), kept);
        assert_eq!(bench.retry(PEER, 1), other, "what cannot be kept makes no other go");
    }
}

/// At the limit, and one past it.
#[test]
fn answers_are_kept_for_a_time() {
    let mut bench = Bench::new(10);
    bench.run(PEER, 1);
    bench.now += LONGEST;
    bench.run(PEER, 2);
    assert_eq!(bench.retry(PEER, 1), Begun::Answered("answer"));
    bench.now += Duration::from_nanos(1);
    assert_eq!(bench.retry(PEER, 1), DROPPED);
    assert_eq!(bench.retry(PEER, 2), Begun::Answered("answer"));
    bench.now += 2 * LONGEST;
    assert_eq!(bench.retry(PEER, 2), DROPPED, "asking does not keep it");
    assert_eq!(bench.kept.bytes, 0);
}

#[test]
fn one_request_id_is_of_one_method_in_one_codec() {
    let mut bench = Bench::new(10);
    let others = |bench: &mut Bench| {
        [
            bench.begin(PEER, 7, true, Asked { service: 9, ..ASKED }),
            bench.begin(PEER, 7, true, Asked { method: 9, ..ASKED }),
            bench.begin(PEER, 7, true, Asked { codec: 9, ..ASKED }),
        ]
    };
    let whys = [Why::OtherMethod, Why::OtherMethod, Why::OtherCodec].map(Begun::Unknown);
    assert_eq!(bench.first(PEER, 7), Begun::Runs(1));
    assert_eq!(others(&mut bench), whys);
    bench.answer(PEER, 7);
    assert_eq!(others(&mut bench), whys);
}

/// At the limit, and one past it.
#[test]
fn clients_that_are_forgotten_are_not_taken_for_new_ones() {
    let mut bench = Bench::new(10);
    bench.kept.most_clients = 2;
    bench.run(client(1), 5);
    bench.run(client(2), 5);
    bench.run(client(1), 6);
    assert_eq!(bench.retry(client(2), 5), Begun::Answered("answer"));
    bench.run(client(3), 5);
    assert_eq!(bench.retry(client(2), 5), Begun::Unknown(Why::ClientForgotten), "it had been idle for longest");
    assert_eq!(bench.retry(client(1), 5), Begun::Answered("answer"));
    assert_eq!(bench.retry(client(4), 1), Begun::Unknown(Why::ClientForgotten), "it may be one of those");

    assert!(matches!(bench.first(client(2), 8), Begun::Runs(_)), "a first attempt runs");
    assert_eq!(bench.retry(client(2), 5), DROPPED, "the new record does not know the old calls");
    assert!(matches!(bench.first(client(2), 7), Begun::Runs(_)), "first attempts come in no strict order");
    assert!(matches!(bench.retry(client(2), 9), Begun::Runs(_)), "it is above all that ran before");
}

/// A late first attempt makes a new record, which must not take for new what ran before.
#[test]
fn a_late_first_attempt_does_not_let_later_calls_run_again() {
    let mut bench = Bench::new(10);
    bench.kept.most_clients = 1;
    bench.run(client(1), 80);
    bench.run(client(2), 5);
    assert!(matches!(bench.first(client(1), 50), Begun::Runs(_)));
    assert_eq!(bench.retry(client(1), 80), DROPPED);
    assert!(matches!(bench.retry(client(1), 81), Begun::Runs(_)), "it is above all that ran");
    bench.answer(client(1), 50);
    bench.answer(client(1), 81);
    // Nor does one that is refused.
    bench.run(client(3), 1);
    assert!(matches!(bench.first(client(1), 60), Begun::Runs(_)));
    bench.refuse(client(1), 60);
    assert_eq!(bench.retry(client(1), 80), Begun::Unknown(Why::ClientForgotten));
}

/// A first attempt may come late, behind its own retry, as long as the connection that it comes on is there.
#[test]
fn clients_that_are_connected_are_not_forgotten() {
    let mut bench = Bench::new(10);
    bench.kept.most_clients = 1;
    bench.kept.connect(client(1));
    bench.kept.connect(client(1));
    assert!(matches!(bench.retry(client(1), 5), Begun::Runs(_)), "it overtook the first attempt");
    bench.answer(client(1), 5);
    bench.kept.disconnect(client(1));
    for other in 2..9 {
        bench.run(client(other), 1);
    }
    assert_eq!(bench.first(client(1), 5), Begun::Answered("answer"));
    bench.kept.disconnect(client(1));
    bench.run(client(9), 1);
    assert_eq!(bench.retry(client(1), 5), Begun::Unknown(Why::ClientForgotten));
    assert!(bench.kept.connections.is_empty());
}

#[test]
fn clients_whose_calls_run_are_not_forgotten() {
    let mut bench = Bench::new(10);
    bench.kept.most_clients = 2;
    assert_eq!(bench.first(client(1), 5), Begun::Runs(1));
    assert_eq!(bench.first(client(2), 5), Begun::Runs(2));
    bench.run(client(3), 5);
    assert_eq!(bench.kept.clients.len(), 2, "the only idle one goes");
    assert_eq!(bench.retry(client(1), 5), Begun::Joins(1));
    bench.answer(client(1), 5);
    assert_eq!(bench.retry(client(1), 5), Begun::Answered("answer"));
}
