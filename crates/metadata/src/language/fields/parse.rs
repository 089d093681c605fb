//! The grammar of `fields` (web-api reference 1.7).
//!
//! Blocks recurse at most [`MAX_DEPTH`] deep: the depth is checked before going down, so no input can
//! exhaust the stack, and one that nests too deep is refused at the bracket that opens its ninth level. Names and presets that
//! nobody knows are not this grammar's business, except that an unknown preset or transformer is left
//! out, as DHIS2 does.

use winnow::Parser;
use winnow::error::ParserError;
use winnow::stream::{LocatingSlice, Location, Stream};
use winnow::token::take_while;

use super::{FieldItem, Fields, FieldsError, MAX_DEPTH, MAX_ITEMS, Preset, Transformer};

type Input<'i> = LocatingSlice<&'i str>;

/// What is wrong at the place where the input stands.
struct Trouble(&'static str);

impl<I: Stream> ParserError<I> for Trouble {
    type Inner = Self;

    fn from_input(_: &I) -> Self {
        Self("a name is missing")
    }

    fn into_inner(self) -> Result<Self, Self> {
        Ok(self)
    }
}

impl Fields {
    /// Reads one `fields` parameter. Whitespace around names is skipped, empty items are left out.
    ///
    /// # Errors
    /// [`FieldsError`] with the position: a bracket closed that was not opened, a character that no name has,
    /// blocks deeper than [`MAX_DEPTH`], more than [`MAX_ITEMS`] items.
    pub fn parse(text: &str) -> Result<Self, FieldsError> {
        let mut input = LocatingSlice::new(text);
        let mut count = 0;
        items(&mut input, None, 1, &mut count)
            .map_err(|Trouble(why)| FieldsError { position: input.current_token_start(), why })
    }

    /// Reads several `fields` parameters as if they were one, joined by commas.
    ///
    /// # Errors
    /// As [`Fields::parse`].
    pub fn parse_all<'t>(texts: impl IntoIterator<Item = &'t str>) -> Result<Self, FieldsError> {
        Self::parse(&texts.into_iter().collect::<Vec<_>>().join(","))
    }
}

/// Items up to `close`, or up to the end of the input where there is no block to close.
fn items(
    input: &mut Input<'_>,
    close: Option<char>,
    depth: usize,
    count: &mut usize,
) -> Result<Fields, Trouble> {
    let mut found = Vec::new();
    loop {
        skip_spaces(input)?;
        match input.peek_token() {
            // The end closes what is open: d2 asks for `userCredentials[:all,userRoles[id]`, and DHIS2 answers.
            None => return Ok(Fields(found)),
            token if token == close => {
                input.next_token();
                return Ok(Fields(found));
            }
            Some(',') => {
                input.next_token();
            }
            Some(']' | ')') => return Err(Trouble("a bracket is closed that was not opened")),
            Some(_) => {
                found.extend(item(input, depth, count)?);
                skip_spaces(input)?;
                if !matches!(input.peek_token(), None | Some(',' | ']' | ')')) {
                    return Err(Trouble("a comma or the end of the block was expected"));
                }
            }
        }
    }
}

/// One item; none for a preset that is not known.
fn item(input: &mut Input<'_>, depth: usize, count: &mut usize) -> Result<Option<FieldItem>, Trouble> {
    if *count == MAX_ITEMS {
        return Err(Trouble("at most 200 fields may be asked for"));
    }
    *count += 1;
    match input.peek_token() {
        Some('*') => {
            input.next_token();
            Ok(Some(FieldItem::Preset(Preset::All)))
        }
        Some(':') => {
            input.next_token();
            let name = take_while(1.., |c| is_name_char(c) || c == '*').parse_next(input)?;
            Ok(Preset::named(name).map(FieldItem::Preset))
        }
        Some('!') => {
            input.next_token();
            skip_spaces(input)?;
            let path = path(input, depth)?.into_iter().map(str::to_owned).collect();
            Ok(Some(FieldItem::Exclude(path)))
        }
        _ => field(input, depth, count).map(Some),
    }
}

fn field(input: &mut Input<'_>, depth: usize, count: &mut usize) -> Result<FieldItem, Trouble> {
    let names = path(input, depth)?;
    let depth = depth + names.len() - 1;
    let mut transformers = Vec::new();
    let mut inner = None;
    loop {
        skip_spaces(input)?;
        match input.peek_token() {
            Some('~' | '|') => {
                input.next_token();
                transformers.extend(transformer(input)?);
            }
            Some(':') => {
                input.next_token();
                if input.next_token() != Some(':') {
                    return Err(Trouble("a transformer begins with ~, :: or |"));
                }
                transformers.extend(transformer(input)?);
            }
            Some(open @ ('[' | '(')) if inner.is_none() => {
                if depth == MAX_DEPTH {
                    return Err(Trouble("at most 8 levels may be nested"));
                }
                input.next_token();
                let close = if open == '[' { ']' } else { ')' };
                inner = Some(items(input, Some(close), depth + 1, count)?);
            }
            _ => break,
        }
    }
    nest(names, transformers, inner).ok_or(Trouble("a name is missing"))
}

/// `a.b[c]` says what `a[b[c]]` says.
fn nest(names: Vec<&str>, transformers: Vec<Transformer>, inner: Option<Fields>) -> Option<FieldItem> {
    let mut names = names.into_iter().rev().map(str::to_owned);
    let last = FieldItem::Field { name: names.next()?, transformers, inner };
    Some(names.fold(last, |item, name| FieldItem::Field {
        name,
        transformers: Vec::new(),
        inner: Some(Fields(vec![item])),
    }))
}

/// `a.b.c`, within the depth that is left.
fn path<'i>(input: &mut Input<'i>, depth: usize) -> Result<Vec<&'i str>, Trouble> {
    let mut names = vec![name(input)?];
    while input.peek_token() == Some('.') {
        if depth + names.len() > MAX_DEPTH {
            return Err(Trouble("at most 8 levels may be nested"));
        }
        input.next_token();
        names.push(name(input)?);
    }
    Ok(names)
}

fn name<'i>(input: &mut Input<'i>) -> Result<&'i str, Trouble> {
    if input.peek_token().is_some_and(|c| !is_name_char(c) && !"[]().,:~|!*".contains(c)) {
        return Err(Trouble("no name holds this character"));
    }
    take_while(1.., is_name_char).parse_next(input)
}

/// A transformer; none where its name is not known.
fn transformer(input: &mut Input<'_>) -> Result<Option<Transformer>, Trouble> {
    skip_spaces(input)?;
    let name = name(input)?;
    let argument = if takes_argument(name) && input.peek_token() == Some('(') {
        input.next_token();
        let text = take_while(0.., |c| c != ')').parse_next(input)?;
        if input.next_token().is_none() {
            return Err(Trouble("a bracket is not closed"));
        }
        text.split(';').next().map(str::trim).filter(|text| !text.is_empty())
    } else {
        None
    };
    let or_id = || argument.unwrap_or("id").to_owned();
    Ok(match name {
        "rename" => {
            let key = argument.ok_or(Trouble("rename needs the new name in brackets"))?;
            Some(Transformer::Rename(key.to_owned()))
        }
        "size" => Some(Transformer::Size),
        "isEmpty" => Some(Transformer::IsEmpty),
        "isNotEmpty" => Some(Transformer::IsNotEmpty),
        "pluck" => Some(Transformer::Pluck(or_id())),
        "keyBy" => Some(Transformer::KeyBy(or_id())),
        _ => None,
    })
}

/// Do round brackets after this transformer hold its argument? Otherwise they open a block.
fn takes_argument(name: &str) -> bool {
    !matches!(name, "size" | "isEmpty" | "isNotEmpty")
}

fn skip_spaces(input: &mut Input<'_>) -> Result<(), Trouble> {
    take_while(0.., char::is_whitespace).void().parse_next(input)
}

fn is_name_char(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '_' | '-' | '$')
}
