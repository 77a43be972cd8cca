'use strict';
// The examples in the declarations compile, with only the variables that HEAD declares.

const assert = require('node:assert');
const { execFile } = require('node:child_process');
const fs = require('node:fs');
const path = require('node:path');
const { promisify } = require('node:util');
const { test } = require('node:test');
const { PACKAGE, project } = require('./shared/project');

const COMPILER = path.join(PACKAGE, 'node_modules/typescript/bin/tsc');

const HEAD = `
import { KopoKopo } from 'kopokopo';
declare const clientId: string, clientSecret: string, apiKey: string, id: string, signature: string;
declare const rawBody: Uint8Array;
declare const save: (id: string) => Promise<void>;
declare const k2: KopoKopo;
`;

test('examples in the declarations compile', async (t) => {
  const declarations = fs.readFileSync(path.join(PACKAGE, 'index.d.ts'), 'utf8');
  const examples = [...declarations.matchAll(/@example\n +\* ```ts\n([^]*?) +\* ```/g)].map(([, code]) => code.replace(/^ +\* ?/gm, ''));
  assert.ok(examples.length > 10);
  const functions = examples.map((code, at) => `export async function example${at}(): Promise<void> {\n${code}}\n`);
  const compilerOptions = { noEmit: true, strict: true, module: 'nodenext', target: 'es2022', lib: ['es2022'], types: [] };
  const folder = project(t, {
    'examples.mts': HEAD + functions.join(''),
    'tsconfig.json': JSON.stringify({ compilerOptions, files: ['examples.mts'] }),
  });
  const { stdout } = await promisify(execFile)(process.execPath, [COMPILER, '-p', folder]).catch((error) => error);
  assert.strictEqual(stdout, '');
});
