//! From Rhai's tree to ours.

use rhai::{
    AST, ASTFlags, ASTNode, Dynamic, Expr, FnCallExpr, ImmutableString, Position as RhaiPosition,
    Stmt,
};

use super::{Call, Field, Node, Path, Position, Syntax};
use crate::value::Value;

pub(super) fn syntax(ast: &AST) -> Syntax {
    let mut syntax = Syntax {
        expressions: Vec::new(),
        assigned: Vec::new(),
        defined: Vec::new(),
    };
    ast.walk(&mut |trail: &[ASTNode<'_>]| {
        let outer = trail
            .len()
            .checked_sub(2)
            .and_then(|index| trail.get(index));
        let outermost = match outer {
            // A block inside an expression has no tree of ours: what stands in it is outermost again.
            Some(ASTNode::Expr(_)) => false,
            _ => true,
        };
        match trail.last() {
            // What a closure takes along from outside is listed where it is used.
            Some(ASTNode::Expr(Expr::FnCall(call, _))) if outermost && call.name == "curry" => {}
            Some(ASTNode::Expr(found)) if outermost => syntax.expressions.push(expression(found)),
            Some(ASTNode::Stmt(Stmt::FnCall(call, at))) => {
                syntax.expressions.push(function(call, *at, None))
            }
            Some(ASTNode::Stmt(Stmt::Assignment(assignment))) => {
                if let Node::Path(path) = expression(&assignment.1.lhs) {
                    syntax.assigned.push(path);
                }
            }
            _ => {}
        }
        true
    });
    for function in ast.iter_functions() {
        syntax
            .defined
            .push((function.name.to_owned(), function.params.len()));
    }
    syntax
}

fn at(position: RhaiPosition) -> Position {
    Position {
        line: position.line().unwrap_or(0),
        column: position.position().unwrap_or(0),
    }
}

fn expression(expr: &Expr) -> Node {
    match expr {
        Expr::DynamicConstant(value, position) => constant(value, at(*position)),
        Expr::BoolConstant(value, position) => Node::Literal((*value).into(), at(*position)),
        Expr::IntegerConstant(value, position) => Node::Literal((*value).into(), at(*position)),
        Expr::CharConstant(value, position) => Node::Char(*value, at(*position)),
        Expr::StringConstant(value, position) => {
            Node::Literal(Value::Text(value.clone()), at(*position))
        }
        Expr::Unit(position) => Node::Literal(Value::Null, at(*position)),
        Expr::InterpolatedString(parts, position) => {
            Node::Interpolated(parts.iter().map(expression).collect(), at(*position))
        }
        Expr::Array(items, position) => {
            Node::List(items.iter().map(expression).collect(), at(*position))
        }
        Expr::Map(map, position) => Node::Map(
            map.0
                .iter()
                .map(|(name, node)| (name.name.to_string(), expression(node)))
                .collect(),
            at(*position),
        ),
        Expr::Variable(variable, short, position) if variable.2.is_empty() => Node::Path(Path {
            root: variable.1.to_string(),
            local: short.is_some() || variable.0.is_some(),
            fields: Vec::new(),
            position: at(*position),
        }),
        Expr::FnCall(call, position) => function(call, *position, None),
        Expr::Dot(..) | Expr::Index(..) => chain(expr),
        Expr::And(nodes, position) => {
            Node::And(nodes.iter().map(expression).collect(), at(*position))
        }
        Expr::Or(nodes, position) => {
            Node::Or(nodes.iter().map(expression).collect(), at(*position))
        }
        Expr::Coalesce(nodes, position) => {
            Node::Coalesce(nodes.iter().map(expression).collect(), at(*position))
        }
        other => Node::Other(at(other.position())),
    }
}

fn constant(value: &Dynamic, position: Position) -> Node {
    if let Ok(number) = value.as_decimal() {
        return Node::Literal(Value::Decimal(number), position);
    }
    if let Some(text) = value.read_lock::<ImmutableString>() {
        return Node::Literal(Value::Text(text.clone()), position);
    }
    Node::Other(position)
}

/// A call of a function, an operator, or a method of `receiver`.
fn function(call: &FnCallExpr, position: RhaiPosition, receiver: Option<Node>) -> Node {
    let (position, is_method) = (at(position), receiver.is_some());
    let mut arguments: Vec<Node> = receiver
        .into_iter()
        .chain(call.args.iter().map(expression))
        .collect();
    let is_in = call.name == "contains" && call.namespace.is_empty() && !is_method;
    if call.is_operator_call() || is_in {
        if let (Some(op), [_, _]) = (operator(&call.name), arguments.as_slice()) {
            let (right, left) = (arguments.pop(), arguments.pop());
            if let (Some(left), Some(right)) = (left, right) {
                // Rhai has turned `item in list` into `contains(list, item)`.
                let (left, right) = if op == "in" {
                    (right, left)
                } else {
                    (left, right)
                };
                return Node::Binary(op, Box::new(left), Box::new(right), position);
            }
        } else if let ([_], Some(op)) = (arguments.as_slice(), unary(&call.name))
            && let Some(only) = arguments.pop()
        {
            return Node::Unary(op, Box::new(only), position);
        }
    }
    Node::Call(Call {
        module: (!call.namespace.is_empty()).then(|| call.namespace.root().to_owned()),
        name: call.name.to_string(),
        arguments,
        method: false,
        position,
    })
}

fn operator(name: &str) -> Option<&'static str> {
    const OPERATORS: [&str; 17] = [
        "==", "!=", "<", "<=", ">", ">=", "+", "-", "*", "/", "%", "**", "&", "|", "^", "<<", ">>",
    ];
    if name == "contains" {
        return Some("in");
    }
    OPERATORS.into_iter().find(|own| *own == name)
}

fn unary(name: &str) -> Option<&'static str> {
    ["!", "-", "+"].into_iter().find(|own| *own == name)
}

/// A chain of fields, indexes and methods. Rhai nests it to the right.
fn chain(expr: &Expr) -> Node {
    let (Expr::Dot(pair, flags, _) | Expr::Index(pair, flags, _)) = expr else {
        return expression(expr);
    };
    let mut node = expression(&pair.lhs);
    let mut is_index = matches!(expr, Expr::Index(..));
    let mut optional = flags.contains(ASTFlags::NEGATED);
    let mut rest = &pair.rhs;
    let mut broken = flags.contains(ASTFlags::BREAK);
    loop {
        let next = match rest {
            Expr::Dot(pair, flags, _) | Expr::Index(pair, flags, _) if !broken => Some((
                &pair.lhs,
                &pair.rhs,
                *flags,
                matches!(rest, Expr::Index(..)),
            )),
            _ => None,
        };
        let link = next.map_or(rest, |(link, ..)| link);
        node = step(node, link, is_index, optional);
        let Some((_, following, flags, next_is_index)) = next else {
            return node;
        };
        (rest, is_index) = (following, next_is_index);
        (optional, broken) = (
            flags.contains(ASTFlags::NEGATED),
            flags.contains(ASTFlags::BREAK),
        );
    }
}

fn step(node: Node, link: &Expr, is_index: bool, optional: bool) -> Node {
    let position = at(link.position());
    let name = match link {
        Expr::MethodCall(call, position) => {
            return match function(call, *position, Some(node)) {
                Node::Call(call) => Node::Call(Call {
                    method: true,
                    ..call
                }),
                other => other,
            };
        }
        Expr::Property(property, _) if !is_index => Some(property.2.to_string()),
        Expr::StringConstant(name, _) if is_index => Some(name.to_string()),
        _ => None,
    };
    let field = Field {
        name,
        optional,
        position,
    };
    match node {
        Node::Path(mut path) => {
            path.fields.push(field);
            Node::Path(path)
        }
        Node::Part(node, mut fields) => {
            fields.push(field);
            Node::Part(node, fields)
        }
        other => Node::Part(Box::new(other), vec![field]),
    }
}
