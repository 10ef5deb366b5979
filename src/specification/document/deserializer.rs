//! Lets serde read nodes: types are strict, and every error knows the way to its value.

use std::collections::BTreeSet;

use serde::de::value::StrDeserializer;
use serde::de::{
    DeserializeSeed, Deserializer, Error, IntoDeserializer, MapAccess, SeqAccess, Unexpected,
    Visitor,
};
use serde::forward_to_deserialize_any;

use super::mistake::{Mistake, one_of};
use super::node::{Entry, Node, Place, Scalar, Table, Value};

/// Which nodes are left out, by address.
pub(super) type Refused = BTreeSet<*const Node>;

/// Reads a node.
#[derive(Clone, Copy)]
pub(super) struct NodeDeserializer<'a> {
    node: &'a Node,
    refused: &'a Refused,
    /// Entries before this way are not looked at again.
    skipped: &'a [usize],
}

impl<'a> NodeDeserializer<'a> {
    /// Reads `node`, leaving out `refused` and what comes before the way `skipped`.
    pub fn new(node: &'a Node, refused: &'a Refused, skipped: &'a [usize]) -> Self {
        Self { node, refused, skipped }
    }

    fn below(self, node: &'a Node, index: usize) -> Self {
        let skipped = match self.skipped {
            [first, rest @ ..] if *first == index => rest,
            _ => &[],
        };
        Self { node, skipped, ..self }
    }

    fn table<'de, V: Visitor<'de>>(
        self,
        table: &'a Table,
        visitor: V,
    ) -> Result<V::Value, Mistake> {
        let at = self.skipped.first().copied().unwrap_or_default();
        visitor.visit_map(Entries { parent: self, table, at, current: None })
    }

    fn list<'de, V: Visitor<'de>>(self, list: &'a [Node], visitor: V) -> Result<V::Value, Mistake> {
        let at = self.skipped.first().copied().unwrap_or_default();
        visitor.visit_seq(Elements { parent: self, list, at })
    }

    fn any<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        let scalar = match &self.node.value {
            Value::Table(table) => return self.table(table, visitor),
            Value::List(list) => return self.list(list, visitor),
            Value::Scalar(scalar) => scalar,
        };
        match scalar {
            Scalar::String(text) => visitor.visit_str(text),
            Scalar::Boolean(value) => visitor.visit_bool(*value),
            Scalar::Null => visitor.visit_unit(),
            Scalar::Integer(_) => match scalar.as_integer() {
                Some(value) => visit_integer(value, visitor),
                None => Err(Mistake::expected("a number of at most 127 bits", self.node)),
            },
            Scalar::Float(_) => match scalar.as_float() {
                Some(value) => visitor.visit_f64(value),
                None => Err(Mistake::expected("a finite number", self.node)),
            },
            Scalar::Datetime(_) => Err(Error::invalid_type(Unexpected::Other("date"), &visitor)),
        }
    }

    fn string<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        match self.node.as_str() {
            Some(text) => visitor.visit_str(text),
            None => Err(Mistake::expected("a string", self.node)),
        }
    }

    fn integer(self, least: i128, most: i128) -> Result<i128, Mistake> {
        let value = match &self.node.value {
            Value::Scalar(scalar) => scalar.as_integer(),
            _ => None,
        };
        value.filter(|value| (least..=most).contains(value)).ok_or_else(|| {
            Mistake::expected(format!("an integer from {least} to {most}"), self.node)
        })
    }
}

fn visit_integer<'de, V: Visitor<'de>>(value: i128, visitor: V) -> Result<V::Value, Mistake> {
    if let Ok(value) = u64::try_from(value) {
        visitor.visit_u64(value)
    } else if let Ok(value) = i64::try_from(value) {
        visitor.visit_i64(value)
    } else {
        visitor.visit_i128(value)
    }
}

macro_rules! integers {
    ($($method:ident $visit:ident $type:ident;)*) => { $(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
            let value = self.integer($type::MIN.into(), $type::MAX.into())?;
            let value = $type::try_from(value).expect("the range was checked");
            visitor.$visit(value).map_err(|mistake: Mistake| mistake.at(self.node))
        }
    )* };
}

impl<'de> Deserializer<'de> for NodeDeserializer<'_> {
    type Error = Mistake;

    integers! {
        deserialize_u8 visit_u8 u8;
        deserialize_u16 visit_u16 u16;
        deserialize_u32 visit_u32 u32;
        deserialize_u64 visit_u64 u64;
        deserialize_i8 visit_i8 i8;
        deserialize_i16 visit_i16 i16;
        deserialize_i32 visit_i32 i32;
        deserialize_i64 visit_i64 i64;
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        self.any(visitor).map_err(|mistake| mistake.at(self.node))
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        self.string(visitor).map_err(|mistake| mistake.at(self.node))
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        self.deserialize_str(visitor)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        match self.node.value {
            Value::Scalar(Scalar::Boolean(value)) => visitor.visit_bool(value),
            _ => Err(Mistake::expected("a boolean", self.node)),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        let value = visitor.visit_some(self)?;
        // Null says nothing: not even to those who read any value.
        if self.node.is_null() { Err(Mistake::expected("a value", self.node)) } else { Ok(value) }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Mistake> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        let result = match &self.node.value {
            Value::List(list) => self.list(list, visitor),
            _ => Err(Mistake::expected("a list", self.node)),
        };
        result.map_err(|mistake| mistake.at(self.node))
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        let result = match &self.node.value {
            Value::Table(table) => self.table(table, visitor),
            _ => Err(Mistake::expected("a table", self.node)),
        };
        result.map_err(|mistake| mistake.at(self.node))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Mistake> {
        let result = match &self.node.value {
            Value::Table(table) => self.table(table, visitor),
            _ => Err(Mistake::expected("a table", self.node)),
        };
        result.map_err(|mistake| mistake.at(self.node))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Mistake> {
        let result = match self.node.as_str() {
            Some(text) => {
                visitor.visit_enum::<StrDeserializer<'_, Mistake>>(text.into_deserializer())
            }
            None => Err(Mistake::expected(one_of(variants), self.node)),
        };
        result.map_err(|mistake| mistake.at(self.node))
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        i128 u128 f32 f64 char bytes byte_buf unit unit_struct tuple tuple_struct identifier
    }
}

/// The entries of a table, in order.
struct Entries<'a> {
    parent: NodeDeserializer<'a>,
    table: &'a Table,
    at: usize,
    current: Option<(usize, &'a str, &'a Entry)>,
}

impl<'de> MapAccess<'de> for Entries<'_> {
    type Error = Mistake;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Mistake> {
        while let Some((key, entry)) = self.table.get_index(self.at) {
            let index = self.at;
            self.at += 1;
            if self.parent.refused.contains(&std::ptr::from_ref(&entry.node)) {
                continue;
            }
            self.current = Some((index, key, entry));
            let key = KeyDeserializer { key, place: entry.key };
            return seed.deserialize(key).map(Some).map_err(|mistake| mistake.below(index, None));
        }
        Ok(None)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Mistake> {
        let (index, key, entry) =
            self.current.take().expect("serde asks for a key before its value");
        let value = self.parent.below(&entry.node, index);
        seed.deserialize(value)
            .map_err(|mistake| mistake.at_entry(entry.key, &entry.node).below(index, Some(key)))
    }
}

/// The values of a list, in order.
struct Elements<'a> {
    parent: NodeDeserializer<'a>,
    list: &'a [Node],
    at: usize,
}

impl<'de> SeqAccess<'de> for Elements<'_> {
    type Error = Mistake;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Mistake> {
        while let Some(node) = self.list.get(self.at) {
            let index = self.at;
            self.at += 1;
            if self.parent.refused.contains(&std::ptr::from_ref(node)) {
                continue;
            }
            let value = self.parent.below(node, index);
            return seed
                .deserialize(value)
                .map(Some)
                .map_err(|mistake| mistake.at(node).below(index, None));
        }
        Ok(None)
    }
}

/// Reads the key of an entry.
struct KeyDeserializer<'a> {
    key: &'a str,
    place: Place,
}

impl<'de> Deserializer<'de> for KeyDeserializer<'_> {
    type Error = Mistake;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mistake> {
        visitor.visit_str(self.key).map_err(|mistake: Mistake| mistake.at_key(self.key, self.place))
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Mistake> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Mistake> {
        visitor
            .visit_enum::<StrDeserializer<'_, Mistake>>(self.key.into_deserializer())
            .map_err(|mistake| mistake.at_key(self.key, self.place))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option
        unit unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}
