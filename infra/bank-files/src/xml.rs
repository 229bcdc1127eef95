//! An XML document as a tree of elements, as far as ISO 20022 messages use XML.
//!
//! Elements are known by their local name, so that a bank may prefix the namespace or not. Of attributes only those without a namespace
//! prefix that a message of money has are kept: the currency. There are no entities but XML's own five, and a document type, which could
//! declare others, is refused; nesting and the number of elements are bounded, and building a tree does not recurse.

use std::borrow::Cow;

use quick_xml::Reader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesRef, BytesStart, Event};

use super::{BankFileError, Place};

/// The deepest nesting; camt.053 itself needs about 20.
const DEPTH_MAX: usize = 64;
/// The most elements in a document.
const ELEMENTS_MAX: usize = 2_000_000;

/// A document's root element and its text, for finding lines.
pub(super) struct Document<'a> {
    source: &'a str,
    elements: Vec<Entry<'a>>,
}

struct Entry<'a> {
    name: &'a str,
    offset: usize,
    parent: Option<usize>,
    children: Vec<usize>,
    currency: Option<String>,
    text: Cow<'a, str>,
}

/// An element of a document.
#[derive(Clone, Copy)]
pub(super) struct Element<'d, 'a> {
    document: &'d Document<'a>,
    index: usize,
}

impl<'a> Document<'a> {
    /// The document of a text.
    ///
    /// # Errors
    /// [`BankFileError::Unreadable`] when it is no well-formed XML, or beyond the bounds.
    pub fn parse(source: &'a str) -> Result<Self, BankFileError> {
        let mut reader = Reader::from_str(source);
        let mut document = Self { source, elements: Vec::new() };
        let mut open: Vec<usize> = Vec::new();
        loop {
            let offset = usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX);
            let event = match reader.read_event() {
                Ok(event) => event,
                Err(error) => {
                    let offset = usize::try_from(reader.error_position()).unwrap_or(usize::MAX);
                    return Err(document.refused(offset, format!("this is no well-formed XML: {error}")));
                }
            };
            match event {
                Event::Start(start) => {
                    let index = document.push(&start, offset, &open)?;
                    open.push(index);
                }
                Event::Empty(start) => {
                    document.push(&start, offset, &open)?;
                }
                Event::End(_) => {
                    open.pop();
                }
                Event::Text(text) => document.append(&open, offset, text.into_inner())?,
                Event::CData(text) => document.append(&open, offset, text.into_inner())?,
                Event::GeneralRef(reference) => {
                    let character = resolved(&reference)
                        .ok_or_else(|| document.refused(offset, "an entity that XML does not define".to_owned()))?;
                    document.append(&open, offset, character)?;
                }
                Event::DocType(_) => {
                    return Err(document.refused(offset, "a document type is not accepted".to_owned()));
                }
                Event::Eof => break,
                Event::Decl(_) | Event::PI(_) | Event::Comment(_) => {}
            }
        }
        match open.last() {
            Some(index) => {
                let place = Element { document: &document, index: *index }.place();
                Err(BankFileError::unreadable(place, "the file ends within this element"))
            }
            None if document.elements.is_empty() => Err(document.refused(0, "there is no element".to_owned())),
            None => Ok(document),
        }
    }

    /// The outermost element.
    pub fn root(&self) -> Element<'_, 'a> {
        Element { document: self, index: 0 }
    }

    fn push(&mut self, start: &BytesStart<'a>, offset: usize, open: &[usize]) -> Result<usize, BankFileError> {
        if open.len() >= DEPTH_MAX {
            return Err(self.refused(offset, format!("elements are nested more than {DEPTH_MAX} deep")));
        }
        if self.elements.len() >= ELEMENTS_MAX {
            return Err(self.refused(offset, format!("there are more than {ELEMENTS_MAX} elements")));
        }
        let parent = open.last().copied();
        let index = self.elements.len();
        match parent.and_then(|parent| self.elements.get_mut(parent)) {
            Some(parent) => parent.children.push(index),
            None if index > 0 => return Err(self.refused(offset, "there is a second outermost element".to_owned())),
            None => {}
        }
        // Within its tag, which stands where the reader was.
        let tag = self.source.get(offset..).unwrap_or_default().trim_start_matches('<');
        let name = tag.get(..start.name().as_ref().len()).unwrap_or_default();
        let name = name.rsplit_once(':').map_or(name, |(_, local)| local);
        let currency = currency_of(start).map_err(|what| self.refused(offset, what))?;
        self.elements.push(Entry { name, offset, parent, children: Vec::new(), currency, text: Cow::Borrowed("") });
        Ok(index)
    }

    fn append(&mut self, open: &[usize], offset: usize, text: Cow<'a, str>) -> Result<(), BankFileError> {
        match open.last().and_then(|index| self.elements.get_mut(*index)) {
            Some(element) if element.text.is_empty() => element.text = text,
            Some(element) => element.text.to_mut().push_str(&text),
            None if text.trim().is_empty() => {}
            None => return Err(self.refused(offset, "there is text outside of the outermost element".to_owned())),
        }
        Ok(())
    }

    fn refused(&self, offset: usize, what: String) -> BankFileError {
        BankFileError::unreadable(Place::new(self.line(offset), "XML"), what)
    }

    fn line(&self, offset: usize) -> usize {
        let before = self.source.as_bytes().get(..offset).unwrap_or(self.source.as_bytes());
        before.split(|byte| *byte == b'\n').count()
    }
}

/// The character that a reference stands for.
fn resolved(reference: &BytesRef<'_>) -> Option<Cow<'static, str>> {
    if reference.is_char_ref() {
        return reference.resolve_char_ref().ok()?.map(|character| Cow::Owned(character.to_string()));
    }
    resolve_predefined_entity(reference.as_ref()).map(Cow::Borrowed)
}

/// The currency that an element's attribute names. Duplicates are not looked for: that takes a time that grows with their square.
fn currency_of(start: &BytesStart<'_>) -> Result<Option<String>, String> {
    for attribute in start.attributes().with_checks(false) {
        let attribute = attribute.map_err(|error| format!("an attribute is malformed: {error}"))?;
        if attribute.key.as_ref() == "Ccy" {
            return Ok(Some(attribute.value.into_owned()));
        }
    }
    Ok(None)
}

impl<'d, 'a> Element<'d, 'a> {
    /// Its local name.
    pub fn name(self) -> &'a str {
        self.entry().map_or("", |entry| entry.name)
    }

    /// Its text without the blanks around it.
    pub fn text(self) -> &'d str {
        self.entry().map_or("", |entry| entry.text.trim())
    }

    /// What its `Ccy` says.
    pub fn currency(self) -> Option<&'d str> {
        self.entry()?.currency.as_deref()
    }

    /// The elements directly in it that have a name.
    pub fn all(self, name: &str) -> impl Iterator<Item = Element<'d, 'a>> {
        let document = self.document;
        let children = self.entry().map_or(&[][..], |entry| &entry.children);
        let elements = children.iter().map(move |index| Element { document, index: *index });
        elements.filter(move |element| element.name() == name)
    }

    /// The first element at the end of a path of names, such as `Acct/Id/IBAN`.
    pub fn at(self, path: &str) -> Option<Element<'d, 'a>> {
        path.split('/').try_fold(self, |element, name| element.all(name).next())
    }

    /// The text at the end of a path, where there is one that is not empty.
    pub fn text_at(self, path: &str) -> Option<&'d str> {
        self.at(path).map(Element::text).filter(|text| !text.is_empty())
    }

    /// Where it is: its line and its path from below the message, such as `Stmt/Bal/Amt`.
    pub fn place(self) -> Place {
        let mut path = vec![self.name()];
        let mut parent = self.entry().and_then(|entry| entry.parent);
        while let Some(entry) = parent.and_then(|index| self.document.elements.get(index)) {
            path.push(entry.name);
            parent = entry.parent;
        }
        // The outer two are the same for everything.
        path.truncate(path.len().saturating_sub(2).max(1));
        path.reverse();
        Place::new(self.document.line(self.entry().map_or(0, |entry| entry.offset)), path.join("/"))
    }

    fn entry(self) -> Option<&'d Entry<'a>> {
        self.document.elements.get(self.index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_and_texts() {
        let source = "<?xml version='1.0'?>\n<x:A xmlns:x='u'><!-- <B>no</B> -->\n<x:B Ccy='EUR'> 1&amp;2<![CDATA[<3]]>&#52; </x:B><C/></x:A>";
        let document = Document::parse(source).expect("well-formed");
        let element = document.root().at("B").expect("an element");
        assert_eq!((element.text(), element.currency(), element.place().line), ("1&2<34", Some("EUR"), 3));
        assert_eq!(document.root().text_at("C"), None);
        assert!(document.root().at("C").is_some() && document.root().at("B/D").is_none());
    }

    #[test]
    fn what_is_refused() {
        let deep = "<a>".repeat(DEPTH_MAX + 1);
        let bomb = "<!DOCTYPE a [<!ENTITY b \"bbbb\"><!ENTITY c \"&b;&b;\">]><a>&c;</a>";
        for (source, line, what) in [
            ("", 1, "no element"),
            ("<a>\n<b></a>", 2, "no well-formed XML"),
            ("<a>\n<b>", 2, "ends within"),
            ("<a/>\n<b/>", 2, "second outermost"),
            ("<a/>b", 1, "text outside"),
            ("<a>\n&b;</a>", 2, "entity"),
            ("<a>&#0;</a>", 1, "entity"),
            (bomb, 1, "document type"),
            (&deep, 1, "nested"),
            ("<a b></a>", 1, "attribute"),
        ] {
            let error = Document::parse(source).err().expect(source);
            let BankFileError::Unreadable { place, what: said } = error else { panic!("{error}") };
            assert!(place.line == line && said.contains(what), "{source}: {place}: {said}");
        }
    }

    #[test]
    fn many_attributes_take_no_time() {
        let attributes = (0..200_000).map(|number| format!("a{number}=''")).collect::<Vec<_>>().join(" ");
        assert!(Document::parse(&format!("<a {attributes}/>")).is_ok());
    }
}
