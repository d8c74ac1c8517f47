use std::time::Duration;

/// The hash that names a service or a method on the wire: FNV-1a, 32 bits (W-17).
pub const fn identifier(name: &str) -> u32 {
    let bytes = name.as_bytes();
    let mut hash: u32 = 0x811C_9DC5;
    let mut at = 0;
    while at < bytes.len() {
        #[expect(clippy::indexing_slicing, reason = "`at` is below the length; iterators are not const")]
        let byte = bytes[at];
        hash = (hash ^ byte as u32).wrapping_mul(0x0100_0193);
        at += 1;
    }
    hash
}

/// What `#[rpc_service]` knows of a trait, as a constant.
#[derive(Debug)]
pub struct ServiceDescriptor {
    /// The wire name of the service.
    pub name: &'static str,
    /// The trait's documentation.
    pub docs: &'static str,
    /// The methods that are compiled in, in the order of the trait.
    pub methods: &'static [&'static MethodDescriptor],
}

/// What `#[rpc_service]` knows of a method, as a constant.
#[derive(Debug)]
pub struct MethodDescriptor {
    /// The method's place among the trait's remote methods, whatever its `cfg`.
    pub ordinal: u16,
    /// The wire name of the service.
    pub service: &'static str,
    /// The hash of `service`; see [`identifier`].
    pub service_id: u32,
    /// The wire name of the method.
    pub name: &'static str,
    /// The hash of `name`; see [`identifier`].
    pub id: u32,
    /// Names that the method had before; servers answer them too.
    pub aliases: &'static [&'static str],
    /// The arguments that are sent, in order.
    pub arguments: &'static [ArgumentDescriptor],
    /// The streams that the caller sends, in order.
    pub streams: &'static [ArgumentDescriptor],
    /// The type of the result, or of an item of the stream that is one, as written.
    pub reply: &'static str,
    /// The type of the error, as written; `None` for a method that cannot fail.
    pub error: Option<&'static str>,
    /// The method's documentation.
    pub docs: &'static str,
    /// No answer is sent.
    pub oneway: bool,
    /// Running it twice is as good as once.
    pub idempotent: bool,
    /// The server keeps its answers, so that a call that is made again runs once.
    pub once: bool,
    /// The handler runs on when its caller has gone.
    pub detach: bool,
    /// The method is marked `#[deprecated]`.
    pub deprecated: bool,
    /// The deadline of a call that sets none itself.
    pub timeout: Option<Duration>,
    /// Which sides stream.
    pub shape: Shape,
}

impl MethodDescriptor {
    /// Whether a stream answers it.
    pub(crate) fn gives_stream(&self) -> bool {
        matches!(self.shape, Shape::ServerStream | Shape::Bidirectional)
    }
}

/// An argument of a method.
#[derive(Debug)]
pub struct ArgumentDescriptor {
    /// Its name on the wire.
    pub name: &'static str,
    /// Its type, as written.
    pub type_name: &'static str,
}

/// Which sides of a method stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Shape {
    /// One message each way.
    Unary,
    /// A stream of results.
    ServerStream,
    /// Streams of arguments.
    ClientStream,
    /// Streams both ways.
    Bidirectional,
}

/// Fails the build when two method names, or aliases, of a service have the same hash.
#[expect(clippy::panic, reason = "runs while the user's crate is compiled")]
#[expect(clippy::indexing_slicing, reason = "indices are below lengths; iterators are not const")]
pub const fn assert_distinct(service: &ServiceDescriptor) {
    let mut left = 0;
    while left < service.methods.len() {
        let mut right = left + 1;
        while right < service.methods.len() {
            if overlap(service.methods[left], service.methods[right]) {
                panic!(
                    "two methods of this service have the same wire identifier; rename one with #[rpc(name = \"…\")]"
                );
            }
            right += 1;
        }
        left += 1;
    }
}

/// Whether any name of the one has the hash of any name of the other.
#[expect(clippy::indexing_slicing, reason = "indices are below lengths; iterators are not const")]
const fn overlap(one: &MethodDescriptor, other: &MethodDescriptor) -> bool {
    let mut mine = 0;
    while mine <= one.aliases.len() {
        let left = if mine == 0 { one.id } else { identifier(one.aliases[mine - 1]) };
        let mut theirs = 0;
        while theirs <= other.aliases.len() {
            let right = if theirs == 0 { other.id } else { identifier(other.aliases[theirs - 1]) };
            if left == right {
                return true;
            }
            theirs += 1;
        }
        mine += 1;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    /// W-17: the published test vectors of FNV-1a.
    #[test]
    fn identifier_is_fnv_1a() {
        assert_eq!(identifier(""), 0x811C_9DC5);
        assert_eq!(identifier("a"), 0xE40C_292C);
        assert_eq!(identifier("foobar"), 0xBF9C_F968);
    }
}
