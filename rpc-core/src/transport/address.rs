use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use crate::code::Code;
use crate::error::RpcError;

/// Where a server listens: `tcp://host:port`, `unix:///path` or `mem://name`; `tcp@host:port` is read too.
///
/// ```
/// use rpc_core::Address;
///
/// let address: Address = "tcp@127.0.0.1:4000".parse()?;
/// assert_eq!(address.to_string(), "tcp://127.0.0.1:4000");
/// # Ok::<(), rpc_core::RpcError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Address {
    /// A host name or IP address, and a port.
    Tcp(String),
    /// A socket in the file system.
    Unix(PathBuf),
    /// A name within this process.
    Memory(String),
}

impl FromStr for Address {
    type Err = RpcError;

    fn from_str(text: &str) -> Result<Self, RpcError> {
        let Some((scheme, rest)) = text.split_once("://").or_else(|| text.split_once('@')) else {
            return Err(wrong(text, "it has no scheme; write tcp://host:port, unix:///path or mem://name"));
        };
        match scheme {
            "tcp" if has_port(rest) => Ok(Self::Tcp(rest.to_owned())),
            "tcp" => Err(wrong(text, "it has no host and port, a number up to 65535; write tcp://host:port")),
            "unix" if rest.is_empty() => Err(wrong(text, "it has no path; write unix:///path")),
            "unix" => Ok(Self::Unix(rest.into())),
            "mem" if rest.is_empty() => Err(wrong(text, "it has no name; write mem://name")),
            "mem" => Ok(Self::Memory(rest.to_owned())),
            "tls" => Err(wrong(text, "TLS is not available in this version; use tcp:// behind a TLS proxy")),
            _ => Err(wrong(text, "its scheme is not known; write tcp://host:port, unix:///path or mem://name")),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(host) => write!(f, "tcp://{host}"),
            Self::Unix(path) => write!(f, "unix://{}", path.display()),
            Self::Memory(name) => write!(f, "mem://{name}"),
        }
    }
}

fn has_port(host: &str) -> bool {
    host.rsplit_once(':').is_some_and(|(name, port)| !name.is_empty() && port.parse::<u16>().is_ok())
}

fn wrong(address: &str, why: &str) -> RpcError {
    RpcError::new(Code::InvalidArgument, format!("the address {address:?} cannot be used: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_and_written() {
        for (text, written) in [
            ("tcp://localhost:1", "tcp://localhost:1"),
            ("tcp@[::1]:65535", "tcp://[::1]:65535"),
            ("unix:///tmp/x.sock", "unix:///tmp/x.sock"),
            ("unix@/tmp/x.sock", "unix:///tmp/x.sock"),
            ("mem://a", "mem://a"),
        ] {
            assert_eq!(text.parse::<Address>().unwrap().to_string(), written);
        }
    }

    #[test]
    fn a_wrong_address_says_what_to_write() {
        for (text, hint) in [
            ("localhost:1", "no scheme"),
            ("tcp://localhost", "no host and port"),
            ("tcp://:80", "no host and port"),
            ("tcp://h:70000", "up to 65535"),
            ("unix://", "no path"),
            ("mem://", "no name"),
            ("http://h:1", "scheme is not known"),
            ("tls://h:1", "TLS is not available"),
        ] {
            let error = text.parse::<Address>().unwrap_err();
            assert!(error.to_string().contains(hint), "{error}");
            assert_eq!(error.code(), Code::InvalidArgument);
        }
    }
}
