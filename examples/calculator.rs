//! A calculator whose failures are an error type of its own, with numbers that its users know.
//!
//! `cargo run --example calculator`, or `cargo run --example calculator -- mul 10 23`

use rpc_core::{CallError, Server, rpc_service};
use serde::{Deserialize, Serialize};

/// Crosses the wire as it is: the client matches on the same variants.
#[derive(Debug, Serialize, Deserialize, thiserror::Error)]
enum CalculatorError {
    #[error("Divisor is zero")]
    DivisorIsZero,
    #[error("there is no operator {0:?}; use add, sub, mul or div")]
    UnknownOperator(String),
}

impl CalculatorError {
    fn code(&self) -> u32 {
        match self {
            Self::DivisorIsZero => 100,
            Self::UnknownOperator(_) => 404,
        }
    }
}

/// Two numbers and what to do with them.
#[rpc_service]
trait Calculator {
    /// Applies an operator, such as `mul`.
    async fn calculate(&self, operator: &str, a: f64, b: f64) -> Result<f64, CalculatorError>;
}

struct Abacus;

impl Calculator for Abacus {
    async fn calculate(&self, operator: &str, a: f64, b: f64) -> Result<f64, CalculatorError> {
        match operator {
            "add" => Ok(a + b),
            "sub" => Ok(a - b),
            "mul" => Ok(a * b),
            "div" if b == 0.0 => Err(CalculatorError::DivisorIsZero),
            "div" => Ok(a / b),
            unknown => Err(CalculatorError::UnknownOperator(unknown.to_owned())),
        }
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let server = Server::builder().service(CalculatorServer::new(Abacus)).bind("tcp://127.0.0.1:0").await?.spawn();
    let calculator = CalculatorClient::connect(server.local_addr()).await?;

    let typed: Vec<String> = std::env::args().skip(1).collect();
    let sums = if typed.is_empty() {
        vec!["add 1 2".to_owned(), "mul 10 23".to_owned(), "div 10 0".to_owned(), "pow 2 8".to_owned()]
    } else {
        vec![typed.join(" ")]
    };
    for sum in sums {
        let (operator, a, b) = parse(&sum).ok_or("write an operator and two numbers, such as: mul 10 23")?;
        print!("{sum} -> ");
        match calculator.calculate(operator, a, b).await {
            Ok(reply) => println!("msg: OK reply: {reply}"),
            Err(CallError::Service(error)) => println!("code: {} msg: {error}", error.code()),
            // The calculator did not answer at all: that is another matter.
            Err(CallError::Rpc(error)) => return Err(error.into()),
        }
    }
    Ok(())
}

fn parse(sum: &str) -> Option<(&str, f64, f64)> {
    let mut words = sum.split_whitespace();
    let parsed = (words.next()?, words.next()?.parse().ok()?, words.next()?.parse().ok()?);
    words.next().is_none().then_some(parsed)
}
