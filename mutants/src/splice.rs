//! Puts every mutation of a file behind a switch.

use crate::listed::{Genre, Mutation, Position};
use crate::text::{Change, Edit, changed, marked, region};
use proc_macro2::Span;
use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;
use std::ops::Range;
use syn::spanned::Spanned;
use syn::visit::{self, Visit};
use syn::{Attribute, Expr, Meta, ReturnType, Type};

/// What became of the mutations of a file.
#[derive(Debug, Default)]
pub(crate) struct Spliced {
    /// The file, with a switch for each mutation that is named nowhere below.
    pub(crate) text: String,
    /// Those in what this build does not compile.
    pub(crate) left_out: Vec<u32>,
    /// Those that no switch can stand for, and why.
    pub(crate) not_built: Vec<(u32, &'static str)>,
}

/// The file with a switch for each of the mutations, which are all of this file.
///
/// # Errors
/// Where the file is no Rust.
pub(crate) fn splice(text: &str, mutations: &[(u32, &Mutation)]) -> Result<Spliced, syn::Error> {
    let file = syn::parse_file(text)?;
    let mut sites = Sites {
        text,
        wanted: HashMap::new(),
        edits: Vec::new(),
        found: HashSet::new(),
        spliced: Spliced::default(),
        constant: false,
    };
    for (id, mutation) in mutations {
        let place = (mutation.genre, mutation.span.start);
        sites
            .wanted
            .entry(place)
            .or_default()
            .push((*id, &mutation.replacement));
    }
    sites.visit_file(&file);
    let Sites {
        edits,
        found,
        mut spliced,
        ..
    } = sites;
    for (id, _) in mutations {
        if !found.contains(id) {
            spliced.not_built.push((*id, "its place is not found"));
        }
    }
    spliced.text = changed(text, edits);
    Ok(spliced)
}

/// Whether this build compiles what has these attributes: the default features, no tests.
fn is_compiled(attributes: &[Attribute]) -> bool {
    let cfgs = attributes
        .iter()
        .filter(|attribute| attribute.path().is_ident("cfg"));
    cfgs.filter_map(|cfg| cfg.parse_args::<Meta>().ok())
        .all(|condition| holds(&condition))
}

/// Whether a file's module is compiled: those that it does not compile, by name.
#[must_use]
pub(crate) fn modules_left_out(text: &str) -> Vec<String> {
    let items = syn::parse_file(text).map_or_else(|_| Vec::new(), |file| file.items);
    let left_out = items.iter().filter_map(|item| match item {
        syn::Item::Mod(module) if module.content.is_none() && !is_compiled(&module.attrs) => {
            Some(module.ident.to_string())
        }
        _ => None,
    });
    left_out.collect()
}

fn holds(condition: &Meta) -> bool {
    use syn::{Token, punctuated::Punctuated};
    match condition {
        Meta::List(list) => {
            let parts = list.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated);
            let parts = parts.unwrap_or_default();
            match list.path.get_ident().map(ToString::to_string).as_deref() {
                Some("not") => !parts.iter().all(holds),
                Some("any") => parts.iter().any(holds),
                _ => parts.iter().all(holds),
            }
        }
        Meta::NameValue(pair) if pair.path.is_ident("feature") => {
            let syn::Expr::Lit(syn::ExprLit {
                lit: syn::Lit::Str(name),
                ..
            }) = &pair.value
            else {
                return true;
            };
            !["flaws", "toy", "aws-lc"].contains(&name.value().as_str())
        }
        Meta::Path(path) => {
            !path.is_ident("test") && !path.is_ident("fuzzing") && !path.is_ident("windows")
        }
        Meta::NameValue(_) => true,
    }
}

struct Sites<'a> {
    text: &'a str,
    wanted: HashMap<(Genre, Position), Vec<(u32, &'a str)>>,
    edits: Vec<Edit>,
    found: HashSet<u32>,
    spliced: Spliced,
    /// Whether the compiler runs this, and not the program.
    constant: bool,
}

fn start(span: Span) -> Position {
    let start = span.start();
    Position {
        line: start.line,
        column: start.column + 1,
    }
}

impl<'a> Sites<'a> {
    /// The mutations at a place, where a switch can stand there.
    fn take(&mut self, genre: Genre, span: Span) -> Vec<(u32, &'a str)> {
        let taken = self
            .wanted
            .remove(&(genre, start(span)))
            .unwrap_or_default();
        self.found.extend(taken.iter().map(|(id, _)| id));
        if self.constant && !taken.is_empty() {
            let ids = taken.iter().map(|(id, _)| (*id, "the compiler runs it"));
            self.spliced.not_built.extend(ids);
            return Vec::new();
        }
        taken
    }

    fn refuse(&mut self, ids: &[(u32, &str)], why: &'static str) {
        self.spliced
            .not_built
            .extend(ids.iter().map(|(id, _)| (*id, why)));
    }

    /// Everything in there is left out.
    fn leave_out(&mut self, span: Span) {
        let end = span.end();
        let end = Position {
            line: end.line,
            column: end.column + 1,
        };
        let range = start(span)..end;
        let inside = |place: &&(Genre, Position)| range.contains(&place.1);
        let places: Vec<_> = self.wanted.keys().filter(inside).copied().collect();
        for place in places {
            let ids = self.wanted.remove(&place).unwrap_or_default();
            self.found.extend(ids.iter().map(|(id, _)| id));
            self.spliced.left_out.extend(ids.iter().map(|(id, _)| id));
        }
    }

    fn of(&self, range: Range<usize>) -> &'a str {
        &self.text[range]
    }

    fn around(
        &mut self,
        range: Range<usize>,
        before: impl Into<String>,
        behind: impl Into<String>,
    ) {
        self.edits.push(Edit {
            range,
            change: Change::Around(before.into(), behind.into()),
        });
    }

    fn instead(&mut self, range: Range<usize>, others: Vec<(u32, String)>) {
        self.edits.push(Edit {
            range,
            change: Change::Instead(others),
        });
    }

    fn as_constant(&mut self, constant: bool, visit: impl FnOnce(&mut Self)) {
        let before = std::mem::replace(&mut self.constant, constant);
        visit(self);
        self.constant = before;
    }

    fn function(
        &mut self,
        signature: &syn::Signature,
        block: &syn::Block,
        inner: impl FnOnce(&mut Self),
    ) {
        self.as_constant(signature.constness.is_some(), |sites| {
            if let (Some(first), Some(last)) = (block.stmts.first(), block.stmts.last()) {
                let range = first.span().byte_range().start..last.span().byte_range().end;
                sites.body(signature, block, first.span(), range);
            }
            inner(sites);
        });
    }

    fn body(
        &mut self,
        signature: &syn::Signature,
        block: &syn::Block,
        first: Span,
        range: Range<usize>,
    ) {
        let values = self.take(Genre::FnValue, first);
        if values.is_empty() {
            return;
        }
        if signature.asyncness.is_some() {
            return self.refuse(&values, "the function is async");
        }
        let is_nameless = matches!(
            &signature.output,
            ReturnType::Type(_, given) if matches!(**given, Type::ImplTrait(_))
        );
        if is_nameless {
            return self.nameless_body(&values, block, range);
        }
        let (open, close) = region('b', values.iter().map(|(id, _)| *id));
        let switches = values.iter().map(|(id, value)| {
            let value = marked(*id, value);
            format!("if crate::mutation::on({id}) {{ return {value}; }} ")
        });
        let switches: String = switches.collect();
        self.around(range, format!("{open}{switches}"), close);
    }

    /// Each iterator has a type of its own, and the function gives back the one that has them all.
    fn nameless_body(&mut self, values: &[(u32, &str)], block: &syn::Block, range: Range<usize>) {
        let mut leaves = Leaves(false);
        leaves.visit_block(block);
        if leaves.0 {
            return self.refuse(
                values,
                "the function gives back a type without a name, in several places",
            );
        }
        let (open, close) = region('b', values.iter().map(|(id, _)| *id));
        let (mut before, mut behind) = (format!("{open}match () {{ "), String::new());
        let (mut left, mut right) = (String::new(), String::new());
        for (id, value) in values {
            let value = marked(*id, value);
            let switch = format!("() if crate::mutation::on({id}) => ");
            let _ = write!(
                before,
                "{switch}{left}crate::mutation::Either::Left({value}){right}, "
            );
            left += "crate::mutation::Either::Right(";
            right += ")";
        }
        let _ = write!(before, "() => {left}{{ ");
        let _ = write!(behind, " }}{right} }}{close}");
        self.around(range, before, behind);
    }
}

/// Whether a function is left before its end.
struct Leaves(bool);

/// What the compiler computes: nothing in it can be switched.
macro_rules! constants {
    ($($visit:ident($item:ty);)+) => {
        $(fn $visit(&mut self, it: &'ast $item) {
            self.as_constant(true, |sites| visit::$visit(sites, it));
        })+
    };
}

impl<'ast> Visit<'ast> for Leaves {
    fn visit_expr_return(&mut self, _: &'ast syn::ExprReturn) {
        self.0 = true;
    }

    fn visit_expr_try(&mut self, _: &'ast syn::ExprTry) {
        self.0 = true;
    }

    fn visit_expr_closure(&mut self, _: &'ast syn::ExprClosure) {}

    fn visit_item(&mut self, _: &'ast syn::Item) {}
}

/// Whether an expression has a `let` that belongs to a condition around it.
fn has_let(expression: &Expr) -> bool {
    match expression {
        Expr::Let(_) => true,
        Expr::Binary(binary) => has_let(&binary.left) || has_let(&binary.right),
        _ => false,
    }
}

impl<'ast> Visit<'ast> for Sites<'_> {
    fn visit_item(&mut self, item: &'ast syn::Item) {
        use syn::Item;
        let attributes = match item {
            Item::Const(it) => &it.attrs,
            Item::Enum(it) => &it.attrs,
            Item::Fn(it) => &it.attrs,
            Item::Impl(it) => &it.attrs,
            Item::Mod(it) => &it.attrs,
            Item::Static(it) => &it.attrs,
            Item::Struct(it) => &it.attrs,
            Item::Trait(it) => &it.attrs,
            Item::Type(it) => &it.attrs,
            _ => return,
        };
        if is_compiled(attributes) {
            visit::visit_item(self, item);
        } else {
            self.leave_out(item.span());
        }
    }

    fn visit_impl_item(&mut self, item: &'ast syn::ImplItem) {
        match item {
            syn::ImplItem::Fn(it) if !is_compiled(&it.attrs) => self.leave_out(item.span()),
            _ => visit::visit_impl_item(self, item),
        }
    }

    fn visit_trait_item(&mut self, item: &'ast syn::TraitItem) {
        match item {
            syn::TraitItem::Fn(it) if !is_compiled(&it.attrs) => self.leave_out(item.span()),
            _ => visit::visit_trait_item(self, item),
        }
    }

    fn visit_local(&mut self, local: &'ast syn::Local) {
        if is_compiled(&local.attrs) {
            visit::visit_local(self, local);
        } else {
            self.leave_out(local.span());
        }
    }

    fn visit_item_fn(&mut self, it: &'ast syn::ItemFn) {
        self.function(&it.sig, &it.block, |sites| {
            visit::visit_block(sites, &it.block);
        });
    }

    fn visit_impl_item_fn(&mut self, it: &'ast syn::ImplItemFn) {
        self.function(&it.sig, &it.block, |sites| {
            visit::visit_block(sites, &it.block);
        });
    }

    fn visit_trait_item_fn(&mut self, it: &'ast syn::TraitItemFn) {
        if let Some(block) = &it.default {
            self.function(&it.sig, block, |sites| visit::visit_block(sites, block));
        }
    }

    constants! {
        visit_item_const(syn::ItemConst);
        visit_item_static(syn::ItemStatic);
        visit_impl_item_const(syn::ImplItemConst);
        visit_trait_item_const(syn::TraitItemConst);
        visit_type(Type);
        visit_generic_argument(syn::GenericArgument);
        visit_expr_const(syn::ExprConst);
        visit_variant(syn::Variant);
    }

    fn visit_expr_repeat(&mut self, it: &'ast syn::ExprRepeat) {
        self.visit_expr(&it.expr);
        self.as_constant(true, |sites| sites.visit_expr(&it.len));
    }

    fn visit_pat(&mut self, _: &'ast syn::Pat) {}

    /// It runs when it is called, wherever it stands.
    fn visit_expr_closure(&mut self, it: &'ast syn::ExprClosure) {
        self.as_constant(false, |sites| visit::visit_expr_closure(sites, it));
    }

    fn visit_expr(&mut self, expression: &'ast Expr) {
        let attributes: &[Attribute] = match expression {
            Expr::Block(it) => &it.attrs,
            Expr::If(it) => &it.attrs,
            Expr::Call(it) => &it.attrs,
            Expr::MethodCall(it) => &it.attrs,
            Expr::Match(it) => &it.attrs,
            Expr::Return(it) => &it.attrs,
            Expr::Assign(it) => &it.attrs,
            _ => &[],
        };
        if is_compiled(attributes) {
            visit::visit_expr(self, expression);
        } else {
            self.leave_out(expression.span());
        }
    }

    fn visit_expr_binary(&mut self, it: &'ast syn::ExprBinary) {
        let others = self.take(Genre::BinaryOperator, it.op.span());
        if has_let(&it.left) || has_let(&it.right) {
            self.refuse(&others, LET);
        } else if !others.is_empty() {
            let (left, right) = (it.left.span().byte_range(), it.right.span().byte_range());
            let (left, right) = (self.of(left), self.of(right));
            let others = others
                .iter()
                .map(|(id, op)| (*id, format!("{left} {op} {right}")));
            let others = others.collect();
            self.instead(it.span().byte_range(), others);
        }
        visit::visit_expr_binary(self, it);
    }

    fn visit_expr_unary(&mut self, it: &'ast syn::ExprUnary) {
        let others = self.take(Genre::UnaryOperator, it.op.span());
        if !others.is_empty() {
            let operand = self.of(it.expr.span().byte_range());
            let others = others.iter().map(|(id, _)| (*id, operand.to_owned()));
            let others = others.collect();
            self.instead(it.span().byte_range(), others);
        }
        visit::visit_expr_unary(self, it);
    }

    fn visit_expr_match(&mut self, it: &'ast syn::ExprMatch) {
        let mut gone = Vec::new();
        for arm in &it.arms {
            if !is_compiled(&arm.attrs) {
                self.leave_out(arm.span());
                continue;
            }
            let own = self.take(Genre::MatchArm, arm.span());
            gone.extend(own.iter().map(|(id, _)| *id));
            let on = own
                .iter()
                .map(|(id, _)| format!("!crate::mutation::on({id})"));
            let on: Vec<String> = on.collect();
            let Some((_, guard)) = &arm.guard else {
                if !on.is_empty() {
                    let end = arm.pat.span().byte_range().end;
                    self.around(end..end, format!(" if {}", on.join(" && ")), "");
                }
                continue;
            };
            let range = guard.span().byte_range();
            if !on.is_empty() {
                let (open, close) = if has_let(guard) { ("", "") } else { ("(", ")") };
                self.around(
                    range.clone(),
                    format!("{} && {open}", on.join(" && ")),
                    close,
                );
            }
            let others = self.take(Genre::MatchArmGuard, guard.span());
            if has_let(guard) {
                self.refuse(&others, LET);
            } else if !others.is_empty() {
                let others = others.iter().map(|(id, value)| (*id, (*value).to_owned()));
                let others = others.collect();
                self.instead(range, others);
            }
        }
        if !gone.is_empty() {
            let (open, close) = region('a', gone);
            self.around(it.span().byte_range(), open, close);
        }
        visit::visit_expr_match(self, it);
    }

    fn visit_arm(&mut self, arm: &'ast syn::Arm) {
        if is_compiled(&arm.attrs) {
            visit::visit_arm(self, arm);
        }
    }

    fn visit_expr_struct(&mut self, it: &'ast syn::ExprStruct) {
        for field in &it.fields {
            let own = self.take(Genre::StructField, field.span());
            if own.is_empty() {
                continue;
            }
            let (Some(base), syn::Member::Named(name)) = (&it.rest, &field.member) else {
                self.refuse(&own, "its struct has no base");
                continue;
            };
            let base = self.of(base.span().byte_range());
            let others = own.iter().map(|(id, _)| (*id, format!("({base}).{name}")));
            let others = others.collect();
            let range = field.expr.span().byte_range();
            if field.colon_token.is_none() {
                self.around(range.clone(), format!("{name}: "), "");
            }
            self.instead(range, others);
        }
        visit::visit_expr_struct(self, it);
    }
}

/// Why a condition with `let` in it has no switch.
const LET: &str = "a `let` in a condition";

#[cfg(test)]
mod tests;
