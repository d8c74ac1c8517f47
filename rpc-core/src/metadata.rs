use crate::code::Code;

/// The longest metadata of one message, as encoded, in bytes (W-10).
pub(crate) const METADATA_MAX_BYTES: usize = 16 * 1024;
/// The most entries in the metadata of one message (W-10).
pub(crate) const METADATA_MAX_ENTRIES: usize = 64;
/// Keys that start so are the framework's own.
const RESERVED: &str = "rpc-";

/// Text that travels beside a message: keys with values, in order, keys may repeat.
///
/// Keys are 1 to 255 characters of `a`–`z`, `0`–`9`, `-`, `_` and `.`, and do not start with `rpc-`.
/// Values are text without control characters. At most 64 entries and 16 KiB in all.
/// A call whose metadata breaks this fails before anything is sent: with [`Code::ResourceExhausted`] where it is too much,
/// else with [`Code::InvalidArgument`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Metadata {
    entries: Vec<(Box<str>, Box<str>)>,
}

impl Metadata {
    /// No entries.
    pub const fn new() -> Self {
        Self { entries: Vec::new() }
    }

    /// The first value of `key`.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.iter().find(|(name, _)| *name == key).map(|(_, value)| value)
    }

    /// All values of `key`, in order.
    pub fn get_all<'a>(&'a self, key: &'a str) -> impl Iterator<Item = &'a str> {
        self.iter().filter(move |(name, _)| *name == key).map(|(_, value)| value)
    }

    /// Sets `key` to `value`, in place of any values it had.
    pub fn insert(&mut self, key: impl Into<String>, value: impl Into<String>) {
        let key = key.into();
        self.remove(&key);
        self.append(key, value);
    }

    /// Adds a value to `key`, after those it has.
    pub fn append(&mut self, key: impl Into<String>, value: impl Into<String>) {
        self.entries.push((key.into().into(), value.into().into()));
    }

    /// Takes out all values of `key`.
    pub fn remove(&mut self, key: &str) {
        self.entries.retain(|(name, _)| **name != *key);
    }

    /// All entries, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.entries.iter().map(|(key, value)| (&**key, &**value))
    }

    /// The number of entries.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are no entries.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// The length as encoded (W-10).
    pub(crate) fn encoded_len(&self) -> usize {
        self.iter().map(|(key, value)| 1 + key.len() + 2 + value.len()).sum()
    }

    /// The first rule that is broken, as a sentence, and what kind of failure that is.
    pub(crate) fn broken_rule(&self) -> Option<(Code, String)> {
        let (entries, bytes) = (self.len(), self.encoded_len());
        if entries > METADATA_MAX_ENTRIES {
            let rule = format!("{entries} metadata entries are more than the {METADATA_MAX_ENTRIES} allowed");
            return Some((Code::ResourceExhausted, rule));
        }
        if bytes > METADATA_MAX_BYTES {
            let rule = format!("{bytes} bytes of metadata are more than the {METADATA_MAX_BYTES} allowed");
            return Some((Code::ResourceExhausted, rule));
        }
        let rule = self.iter().find_map(|(key, value)| {
            if key.starts_with(RESERVED) {
                return Some(format!("metadata key {key:?}: keys that start with {RESERVED:?} are reserved"));
            }
            if !is_key(key) {
                return Some(format!(
                    "metadata key {key:?}: a key is 1 to 255 characters of a-z, 0-9, '-', '_' and '.'"
                ));
            }
            (!is_value(value)).then(|| format!("the value of metadata key {key:?} has control characters"))
        });
        rule.map(|rule| (Code::InvalidArgument, rule))
    }
}

impl<K: Into<String>, V: Into<String>> FromIterator<(K, V)> for Metadata {
    fn from_iter<I: IntoIterator<Item = (K, V)>>(entries: I) -> Self {
        let mut metadata = Self::new();
        for (key, value) in entries {
            metadata.append(key, value);
        }
        metadata
    }
}

pub(crate) fn is_key(key: &str) -> bool {
    (1..=255).contains(&key.len())
        && key.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.'))
}

pub(crate) fn is_value(value: &str) -> bool {
    value.len() <= METADATA_MAX_BYTES && !value.bytes().any(|byte| byte < 0x20 || byte == 0x7F)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_repeat_in_order_and_insert_replaces() {
        let mut metadata: Metadata = [("a", "1"), ("b", "2"), ("a", "3")].into_iter().collect();
        assert_eq!(metadata.get_all("a").collect::<Vec<_>>(), ["1", "3"]);
        metadata.insert("a", "4");
        assert_eq!(metadata.iter().collect::<Vec<_>>(), [("b", "2"), ("a", "4")]);
    }

    /// W-10: at each limit, and one past it.
    #[test]
    fn rules_are_held_at_their_limits() {
        let full: Metadata = (0..METADATA_MAX_ENTRIES).map(|n| (format!("k{n}"), "v")).collect();
        assert_eq!(full.broken_rule(), None);
        let mut over = full;
        over.append("one-more", "v");
        assert!(
            over.broken_rule()
                .is_some_and(|(code, rule)| code == Code::ResourceExhausted && rule.contains("65 metadata entries"))
        );

        let value = "x".repeat(METADATA_MAX_BYTES - 4);
        assert_eq!(Metadata::from_iter([("k", value.clone())]).broken_rule(), None);
        assert!(Metadata::from_iter([("k", value + "x")]).broken_rule().is_some());

        for bad in [("", "v"), ("Key", "v"), ("rpc-x", "v"), ("k", "a\r\nb"), ("k", "\0")] {
            assert!(Metadata::from_iter([bad]).broken_rule().is_some(), "{bad:?}");
        }
    }
}
