// Prints the bound names and the imports of TypeScript files as JSON: `node tools/typescript.mjs FILE…`.
//
// {FILE: {"bindings": [{"name", "line", "shape"}], "imports": [specifier]}}. A name is bound once per scope; the
// scopes are those of the language, and every type literal. "shape" marks properties of exported types.
// Left out: type parameters, keys of object literals, imports under their own names, names of underscores only.

import { createRequire } from "node:module";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

const require = createRequire(new URL("../web/package.json", import.meta.url));
const load = (name) => import(pathToFileURL(require.resolve(name)));
const { API } = await load("typescript/unstable/sync");
const { SyntaxKind } = await load("typescript/unstable/ast");

const kinds = (...names) => new Set(names.map((name) => SyntaxKind[name]));

const SCOPES = kinds(
  ...["ArrowFunction", "FunctionDeclaration", "FunctionExpression", "FunctionType", "MethodDeclaration"],
  ...["MethodSignature", "Constructor", "GetAccessor", "SetAccessor", "CallSignature", "ConstructSignature"],
  ...["ConstructorType", "IndexSignature", "ClassDeclaration", "ClassExpression", "InterfaceDeclaration"],
  ...["TypeLiteral", "EnumDeclaration", "Block", "CaseBlock", "CatchClause", "ModuleBlock"],
  ...["ForStatement", "ForInStatement", "ForOfStatement", "ClassStaticBlockDeclaration"],
);
const BINDINGS = kinds(
  ...["VariableDeclaration", "BindingElement", "Parameter", "FunctionDeclaration", "FunctionExpression"],
  ...["ClassDeclaration", "ClassExpression", "MethodDeclaration", "MethodSignature", "GetAccessor"],
  ...["SetAccessor", "PropertyDeclaration", "PropertySignature", "InterfaceDeclaration"],
  ...["TypeAliasDeclaration", "EnumDeclaration", "EnumMember", "NamespaceImport", "ImportClause"],
);
const TYPES = kinds("TypeAliasDeclaration", "InterfaceDeclaration");
const IDENTIFIERS = kinds("Identifier", "PrivateIdentifier");

const isExported = (node) => node.modifiers?.some((modifier) => modifier.kind === SyntaxKind.ExportKeyword);

function boundIdentifier(node) {
  const isRenamed = node.kind === SyntaxKind.ImportSpecifier && node.propertyName;
  const isKey = node.parent?.kind === SyntaxKind.ObjectLiteralExpression;
  const binds = (BINDINGS.has(node.kind) && !isKey) || isRenamed;
  return binds && node.name && IDENTIFIERS.has(node.name.kind) ? node.name : undefined;
}

function bindings(source) {
  const result = [];
  const visit = (node, scope, inShape) => {
    const identifier = boundIdentifier(node);
    const name = identifier?.text.replace(/^#/, "");
    if (name && name !== "this" && !/^_+$/.test(name) && !scope.has(name)) {
      scope.add(name);
      const line = source.text.slice(0, identifier.end).split("\n").length;
      result.push({ name, line, shape: inShape && node.kind === SyntaxKind.PropertySignature });
    }
    const shape = inShape || (TYPES.has(node.kind) && Boolean(isExported(node)));
    const inner = SCOPES.has(node.kind) ? new Set() : scope;
    node.forEachChild((child) => {
      visit(child, inner, shape);
    });
  };
  visit(source, new Set(), false);
  return result;
}

function specifier(node) {
  if (node.kind === SyntaxKind.ImportType) return node.argument.literal?.text;
  if (node.kind === SyntaxKind.CallExpression && node.expression.kind === SyntaxKind.ImportKeyword)
    return node.arguments[0]?.text;
  return node.moduleSpecifier?.text;
}

function imports(source) {
  const result = [];
  const visit = (node) => {
    const text = specifier(node);
    if (text !== undefined) result.push(text);
    node.forEachChild(visit);
  };
  visit(source);
  return result;
}

function parse(snapshot, path) {
  const source = snapshot.getDefaultProjectForFile(path)?.program.getSourceFile(path);
  if (!source) throw new Error(`${path} cannot be read`);
  return { bindings: bindings(source), imports: imports(source) };
}

const paths = process.argv.slice(2);
const api = new API({ cwd: resolve(import.meta.dirname, "../web") });
try {
  const snapshot = api.updateSnapshot({ openFiles: paths.map((path) => resolve(path)) });
  const entries = paths.map((path) => [path, parse(snapshot, resolve(path))]);
  console.log(JSON.stringify(Object.fromEntries(entries)));
} finally {
  api.close();
}
