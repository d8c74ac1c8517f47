mod streams;

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::Poll;

use bytes::{Buf as _, Bytes, BytesMut};
use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;

use super::codec::Codec;
use super::frame::{HEADER, Head, Kind, LARGE, complete, make_room, take_payload};
use super::queue::Queue;
use super::run::take_run;
use crate::contestant::Fault;
use crate::workload::NAP;
use streams::Streams;

/// What a handler gives: the call and its answer.
type Answer = (u64, Bytes);
type Handler = Pin<Box<dyn Future<Output = Answer> + Send>>;

/// Serves one connection: what can be answered at once is, the rest is looked after by the same task.
pub(super) async fn serve<C: Codec>(stream: TcpStream) -> Result<(), Fault> {
    let (mut reader, writer) = stream.into_split();
    let mut buffer = BytesMut::new();
    let mut queue = Queue::default();
    let mut handlers = FuturesUnordered::<Handler>::new();
    let mut streams = Streams::default();
    loop {
        make_room(&mut buffer);
        let read = poll_fn(|cx| {
            let mut answered = false;
            while let Poll::Ready(Some((id, payload))) = handlers.poll_next_unpin(cx) {
                answered = true;
                if let Err(fault) = C::echo(&payload, Kind::Echo, id, &mut queue) {
                    return Poll::Ready(Err(fault));
                }
            }
            match pin!(reader.read_buf(&mut buffer)).poll(cx) {
                Poll::Ready(read) => Poll::Ready(read.map(Some).map_err(Fault::from)),
                Poll::Pending if answered || streams.can_send() => Poll::Ready(Ok(None)),
                Poll::Pending => Poll::Pending,
            }
        })
        .await?;
        if read == Some(0) {
            return Ok(());
        }
        while let Some(head) = complete(&buffer)? {
            match head.kind {
                Kind::Echo if head.payload >= LARGE => {
                    let payload = take_payload(&mut buffer, &head);
                    queue.push(Kind::Echo, head.id, payload);
                }
                Kind::Echo => {
                    let end = HEADER + head.payload;
                    C::echo(buffer.get(HEADER..end).unwrap_or_default(), Kind::Echo, head.id, &mut queue)?;
                    buffer.advance(end);
                }
                Kind::Yield | Kind::Timer => {
                    let payload = take_payload(&mut buffer, &head);
                    handlers.push(Box::pin(answer_later(head, payload)));
                }
                Kind::Item => {
                    let run = take_run(&mut buffer, &head)?;
                    streams.handle_run::<C>(head.id, run, &mut queue)?;
                }
                Kind::End => {
                    take_payload(&mut buffer, &head);
                    streams.handle_end(head.id, &mut queue)?;
                }
                Kind::Read => streams.handle_read(head.id, &take_payload(&mut buffer, &head))?,
                Kind::Down | Kind::Up | Kind::Both | Kind::Bulk => {
                    streams.open(&head, take_payload(&mut buffer, &head))?;
                }
            }
        }
        streams.send::<C>(&mut queue)?;
        if !queue.is_empty() {
            queue.write(&writer).await?;
        }
    }
}

async fn answer_later(head: Head, payload: Bytes) -> Answer {
    match head.kind {
        Kind::Timer => tokio::time::sleep(NAP).await,
        _ => tokio::task::yield_now().await,
    }
    (head.id, payload)
}
