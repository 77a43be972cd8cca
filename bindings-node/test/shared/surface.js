'use strict';
// Describes what this package exports, with the contract's names (tests/conformance.md). The names are those of the
// declarations; contract.test.js checks that the classes have the same.

const path = require('node:path');
const ts = require('typescript');
const kopokopo = require('../..');

const snake = (name) => name.replace(/[A-Z]/g, (letter, at) => `${at ? '_' : ''}${letter.toLowerCase()}`);

function surface() {
  const program = ts.createProgram([path.join(__dirname, '../../index.d.ts')], { strict: true });
  const checker = program.getTypeChecker();
  const [file] = program.getRootFileNames().map((name) => program.getSourceFile(name));
  const found = { objects: {}, records: {}, functions: {}, errors: [], contract_hash: kopokopo.contractHash() };
  for (const symbol of checker.getExportsOfModule(checker.getSymbolAtLocation(file))) {
    const { name } = symbol;
    const [declaration] = symbol.declarations;
    if (ts.isFunctionDeclaration(declaration) && !OWN_FUNCTIONS.has(name)) {
      found.functions[snake(name)] = parameters(checker, checker.getSignatureFromDeclaration(declaration));
    } else if (ts.isClassDeclaration(declaration) && kopokopo[name].prototype instanceof kopokopo.KopoKopoError) {
      found.errors.push(kopokopo[name].kind);
    } else if (ts.isClassDeclaration(declaration) && name !== 'KopoKopoError' && symbol.name === declaration.name.text) {
      const members = describe(checker, declaration);
      const isRecord = Object.values(members).every((member) => member === FIELD);
      if (isRecord) found.records[name] = Object.keys(members);
      else found.objects[name] = Object.fromEntries(Object.entries(members).map(([member, listed]) => [member, listed === FIELD ? [] : listed]));
    }
  }
  return found;
}

const FIELD = Symbol('field');

/** Functions that only JavaScript needs. */
const OWN_FUNCTIONS = new Set(['amountsEqual', 'compareAmounts', 'redact']);

/** Returns the members of a class by name: the parameters of a method, or FIELD. The constructor has the name `new`. */
function describe(checker, declaration) {
  const found = {};
  for (const member of declaration.members) {
    const isPrivate = ts.getCombinedModifierFlags(member) & ts.ModifierFlags.Private;
    if (ts.isConstructorDeclaration(member)) {
      if (!isPrivate) found.new = parameters(checker, checker.getSignatureFromDeclaration(member));
    } else if (ts.isMethodDeclaration(member)) {
      // It is a method of records.
      if (member.name.text !== 'isPaidAtLeast') found[snake(member.name.text)] = parameters(checker, checker.getSignatureFromDeclaration(member));
    } else {
      found[snake(member.name.text)] = FIELD;
    }
  }
  return found;
}

/** What only Node has: a call's signal, and the short form of `withJournal`. */
const SHORT_FORMS = ['signal', 'journal'];

/** Returns the names of parameters. The fields of an object that only carries parameters stand for it. */
function parameters(checker, signature) {
  return signature.getParameters().flatMap((parameter) => {
    const { type } = parameter.valueDeclaration;
    // Options for one call are in the contract as `with_options`.
    if (type.getText() === 'Call') return [];
    const resolved = checker.getNonNullableType(checker.getTypeFromTypeNode(type));
    const parts = resolved.isIntersection() ? resolved.types : [resolved];
    const isObject = parts.every(({ symbol }) => symbol?.declarations?.some((found) => ts.isInterfaceDeclaration(found) || ts.isTypeLiteralNode(found)));
    if (!isObject || ['TokenSource', 'JournalStore'].includes(type.getText())) return [snake(parameter.name)];
    return resolved.getProperties().map(({ name }) => snake(name)).filter((name) => !SHORT_FORMS.includes(name));
  });
}

module.exports = { surface };
