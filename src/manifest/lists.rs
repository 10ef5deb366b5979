//! Objects in lists: unfolded for readers, kept for writers.
//!
//! kubectl takes every object with an array `items` for a list, of any kind, and applies what is in it,
//! nested ones too (`FlattenListVisitor` of `k8s.io/cli-runtime`). Members that say neither kind nor version
//! have those of their list (`unstructuredJSONScheme.decodeToList` of `k8s.io/apimachinery`).

use serde_json::{Map, Value};

/// What is left of objects when those in lists have been taken out: where they go back.
#[derive(Debug)]
pub struct Lists {
    places: Vec<Place>,
}

#[derive(Debug)]
enum Place {
    /// The next object, and whether kind and version are its list's.
    Object { is_inferred: bool },
    /// A list without its members.
    List { list: Value, members: Vec<Place> },
}

/// Whether kubectl takes it for a list of objects.
#[must_use]
pub fn is_list(item: &Value) -> bool {
    let kind = item.get("kind").and_then(Value::as_str).unwrap_or_default();
    match item.get("items") {
        Some(Value::Array(_)) => true,
        // An empty one may say `null` or nothing.
        Some(Value::Null) => kind.ends_with("List"),
        None => kind == "List",
        Some(_) => false,
    }
}

/// The objects themselves and those in lists, however deep, in their order.
#[must_use]
pub fn unfold(items: Vec<Value>) -> (Vec<Value>, Lists) {
    let mut objects = Vec::with_capacity(items.len());
    let places = items.into_iter().map(|item| take_out(item, None, &mut objects)).collect();
    (objects, Lists { places })
}

/// Takes what a list holds out of it. Not deeper than the text, which its parser bounds.
fn take_out(mut item: Value, kind: Option<&Inferred>, objects: &mut Vec<Value>) -> Place {
    let is_inferred = kind.is_some_and(|kind| kind.fill_in(&mut item));
    let Some(members) = members_of(&mut item) else {
        objects.push(item);
        return Place::Object { is_inferred };
    };
    let kind = Inferred::of(&item);
    let members =
        members.into_iter().map(|member| take_out(member, Some(&kind), objects)).collect();
    Place::List { list: item, members }
}

/// The members, if it is a list.
fn members_of(item: &mut Value) -> Option<Vec<Value>> {
    if !is_list(item) {
        return None;
    }
    let members = item.get_mut("items").and_then(Value::as_array_mut);
    Some(members.map(std::mem::take).unwrap_or_default())
}

/// Kind and version of members that say neither.
struct Inferred {
    api_version: Value,
    kind: Value,
}

impl Inferred {
    fn of(list: &Value) -> Self {
        let kind = list["kind"].as_str().unwrap_or_default();
        let kind = kind.strip_suffix("List").unwrap_or(kind);
        Self { api_version: list["apiVersion"].clone(), kind: kind.into() }
    }

    /// Whether the member said neither.
    fn fill_in(&self, member: &mut Value) -> bool {
        let says = |field: &str| {
            member.get(field).and_then(Value::as_str).is_some_and(|text| !text.is_empty())
        };
        if says("kind") || says("apiVersion") {
            return false;
        }
        let Some(map) = member.as_object_mut() else { return false };
        map.insert("apiVersion".to_owned(), self.api_version.clone());
        map.insert("kind".to_owned(), self.kind.clone());
        true
    }
}

impl Lists {
    /// Puts objects back to where they were; those behind as many as came out stand by themselves.
    #[must_use]
    pub fn fold(self, objects: Vec<Value>) -> Vec<Value> {
        let mut objects = objects.into_iter();
        let mut items = put_back(self.places, &mut objects);
        items.extend(objects);
        items
    }
}

fn put_back(places: Vec<Place>, objects: &mut impl Iterator<Item = Value>) -> Vec<Value> {
    let mut items = Vec::with_capacity(places.len());
    for place in places {
        match place {
            Place::Object { is_inferred } => {
                items.extend(objects.next().map(|mut object| {
                    let map = object.as_object_mut().filter(|_| is_inferred);
                    map.into_iter().for_each(forget_inferred);
                    object
                }));
            }
            Place::List { mut list, members } => {
                let members = put_back(members, objects);
                if let Some(there) = list.get_mut("items").filter(|items| items.is_array()) {
                    *there = members.into();
                }
                items.push(list);
            }
        }
    }
    items
}

fn forget_inferred(map: &mut Map<String, Value>) {
    map.shift_remove("apiVersion");
    map.shift_remove("kind");
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn names(objects: &[Value]) -> Vec<&str> {
        objects.iter().filter_map(|object| object["metadata"]["name"].as_str()).collect()
    }

    #[test]
    fn objects_come_out_of_lists_and_go_back() {
        let object =
            |name: &str| json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}});
        let items = vec![
            object("a"),
            json!({"apiVersion": "v1", "kind": "List", "metadata": {}, "items": [
                object("b"),
                {"kind": "Any", "items": [object("c"), object("d")]},
                {"apiVersion": "v1", "kind": "SecretList", "items": null},
            ]}),
            json!({"apiVersion": "v1", "kind": "List"}),
            object("e"),
        ];
        let (mut objects, lists) = unfold(items.clone());
        assert_eq!(names(&objects), ["a", "b", "c", "d", "e"]);
        objects[2]["metadata"]["labels"] = json!({"x": "y"});
        objects.push(object("new"));
        let mut expected = items;
        expected[1]["items"][1]["items"][0]["metadata"]["labels"] = json!({"x": "y"});
        expected.push(object("new"));
        assert_eq!(lists.fold(objects), expected);
    }

    #[test]
    fn members_that_say_no_kind_have_their_lists() {
        let list = json!({"apiVersion": "networking.k8s.io/v1", "kind": "IngressList", "items": [
            {"metadata": {"name": "a"}},
            {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "b"}},
        ]});
        let (objects, lists) = unfold(vec![list.clone()]);
        assert_eq!(objects[0]["kind"], "Ingress");
        assert_eq!(objects[0]["apiVersion"], "networking.k8s.io/v1");
        assert_eq!(objects[1]["kind"], "Secret");
        assert_eq!(lists.fold(objects), [list]);
    }
}
