//! Streams in every place, implemented by plain methods that borrow what they get, with no lint silenced.

#![deny(warnings, refining_impl_trait, async_fn_in_trait)]

use futures::stream::{self, Stream, StreamExt};
use rpc_core::{Channel, Context, RpcError, Streaming, rpc_service};
use serde::{Deserialize, Serialize};

#[derive(Debug, Serialize, Deserialize)]
pub struct Line(pub String);

#[derive(Debug, Serialize, Deserialize)]
pub enum Failed {
    Odd,
}

#[rpc_service]
pub trait Numbers {
    async fn primes(&self, below: u64) -> impl Stream<Item = u64>;
    fn at_once(&self, below: u64) -> impl Stream<Item = u64>;
    async fn checked(&self, text: &str, lines: &[Line]) -> Result<impl Stream<Item = Line>, Failed>;
    async fn fallible(&self, line: &Line) -> impl futures::Stream<Item = Result<Line, Failed>>;
    async fn both(&self, cx: &Context) -> Result<impl Stream<Item = Result<u8, Failed>>, Failed>;
    fn status(&self) -> impl Stream<Item = Result<(), RpcError>>;
    async fn bytes(&self) -> impl Stream<Item = Vec<u8>>;
    async fn fallible_bytes(&self, data: &[u8]) -> Result<impl Stream<Item = Result<bytes::Bytes, Failed>>, Failed>;
    async fn bound(&self) -> impl Stream<Item = u8> + Send + Unpin;
    fn elided(&self) -> impl Stream<Item = u8> + '_;
    fn free(&self, below: u8) -> impl Stream<Item = u8> + use<Self>;
    async fn awaited_free(&self, below: u8) -> impl Stream<Item = u8> + 'static + use<Self>;

    async fn sum(&self, numbers: Streaming<i64>) -> i64;
    async fn several(&self, a: Streaming<Line>, name: &str, cx: &Context, b: Streaming<Vec<u8>>) -> Result<Line, Failed>;
    async fn chat(&self, incoming: Streaming<Line>) -> impl Stream<Item = Line>;
    fn echo(&self, incoming: Streaming<bytes::Bytes>) -> impl Stream<Item = bytes::Bytes>;

    async fn default(&self, below: u64) -> impl Stream<Item = u64> {
        stream::iter(0..below)
    }
    fn default_at_once(&self, mut below: u64) -> impl Stream<Item = u64> {
        below += 1;
        stream::iter(0..below)
    }
    async fn default_result(&self, below: u64) -> Result<impl Stream<Item = u64>, Failed> {
        if below % 2 == 1 {
            return Err(Failed::Odd);
        }
        Ok(stream::iter(0..below))
    }
    #[rpc(skip)]
    fn local(&self) -> impl Stream<Item = &u8> {
        stream::iter(&[1, 2])
    }
}

struct Real {
    offset: u64,
}

impl Numbers for Real {
    async fn primes(&self, below: u64) -> impl Stream<Item = u64> {
        stream::iter(0..below).map(|number| number + self.offset)
    }

    fn at_once(&self, below: u64) -> impl Stream<Item = u64> {
        stream::iter(0..below).map(|number| number + self.offset)
    }

    async fn checked(&self, text: &str, lines: &[Line]) -> Result<impl Stream<Item = Line>, Failed> {
        if self.offset == 1 {
            return Err(Failed::Odd);
        }
        Ok(stream::iter(lines).map(move |line| Line(format!("{}{text}{}", line.0, self.offset))))
    }

    async fn fallible(&self, line: &Line) -> impl Stream<Item = Result<Line, Failed>> {
        stream::iter(line.0.chars()).then(async |letter| {
            tokio::task::yield_now().await;
            if letter == '1' { Err(Failed::Odd) } else { Ok(Line(letter.into())) }
        })
    }

    async fn both(&self, cx: &Context) -> Result<impl Stream<Item = Result<u8, Failed>>, Failed> {
        let tenant = cx.metadata().get("tenant").ok_or(Failed::Odd)?;
        Ok(stream::iter(tenant.bytes()).map(Ok))
    }

    fn status(&self) -> impl Stream<Item = Result<(), RpcError>> {
        stream::empty()
    }

    async fn bytes(&self) -> impl Stream<Item = Vec<u8>> {
        stream::iter([vec![1], vec![2]])
    }

    async fn fallible_bytes(&self, data: &[u8]) -> Result<impl Stream<Item = Result<bytes::Bytes, Failed>>, Failed> {
        Ok(stream::iter(data).map(|byte| Ok(vec![*byte].into())))
    }

    async fn bound(&self) -> impl Stream<Item = u8> + Send + Unpin {
        stream::iter([1])
    }

    fn elided(&self) -> impl Stream<Item = u8> + '_ {
        stream::iter([1])
    }

    fn free(&self, below: u8) -> impl Stream<Item = u8> + use<> {
        stream::iter(0..below)
    }

    async fn awaited_free(&self, below: u8) -> impl Stream<Item = u8> + 'static + use<> {
        stream::iter(0..below)
    }

    async fn sum(&self, mut numbers: Streaming<i64>) -> i64 {
        let mut sum = 0;
        while let Some(Ok(number)) = numbers.next().await {
            sum += number;
        }
        sum
    }

    async fn several(
        &self,
        mut a: Streaming<Line>,
        name: &str,
        _: &Context,
        mut b: Streaming<Vec<u8>>,
    ) -> Result<Line, Failed> {
        let (Some(Ok(Line(a))), Some(Ok(b))) = (a.next().await, b.next().await) else {
            return Err(Failed::Odd);
        };
        Ok(Line(format!("{name}{a}{b:?}")))
    }

    async fn chat(&self, incoming: Streaming<Line>) -> impl Stream<Item = Line> {
        incoming.filter_map(async |line| line.ok())
    }

    fn echo(&self, incoming: Streaming<bytes::Bytes>) -> impl Stream<Item = bytes::Bytes> {
        incoming.filter_map(async |bytes| bytes.ok())
    }
}

async fn calls(numbers: &NumbersClient) -> Result<(), RpcError> {
    let mut primes: Streaming<u64> = numbers.primes(100);
    let _: Option<Result<u64, RpcError>> = primes.next().await;
    let _: Streaming<u64> = numbers.at_once(1);
    let _: Streaming<Line, Failed> = numbers.checked("a", &[]);
    let _: Streaming<Line, Failed> = numbers.fallible(&Line(String::new()));
    let _: Streaming<u8, Failed> = numbers.both();
    let _: Streaming<(), RpcError> = numbers.status();
    let _: Streaming<Vec<u8>> = numbers.bytes();
    let _: Streaming<bytes::Bytes, Failed> = numbers.fallible_bytes(b"a");
    let _: i64 = numbers.sum(stream::iter([1, 2, 3])).await?;
    let lines = || stream::iter([Line("a".into())]);
    let _: Result<Line, _> = numbers.several(lines(), "b", stream::iter([vec![1]])).await;
    let chat: Streaming<Line> = numbers.chat(lines());
    tokio::spawn(chat.count()).await.ok();
    let _: Streaming<bytes::Bytes> = numbers.echo(stream::empty());
    let _: Streaming<u64, Failed> = numbers.default_result(1);
    Ok(())
}

async fn spawned(channel: Channel) {
    let numbers = NumbersClient::new(channel);
    tokio::spawn(async move { calls(&numbers).await }).await.ok();
}

fn main() {
    let _ = NumbersServer::new(Real { offset: 1 });
    let _ = spawned;
    let sum = &NumbersClient::DESCRIPTOR.methods[12];
    assert_eq!((sum.name, sum.streams[0].name, sum.streams[0].type_name), ("sum", "numbers", "i64"));
}
