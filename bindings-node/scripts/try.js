'use strict';
// Tests the packages to publish: `node scripts/try.js FOLDER...` installs the packages in each FOLDER into an empty project.
// Creates a payment in CommonJS and in an ES module, verifies a webhook with `kopokopo/edge`, and compiles strict
// TypeScript. If the packages of the sandbox are among them, starts it as a test does.

const { execFileSync } = require('node:child_process');
const fs = require('node:fs');
const os = require('node:os');
const path = require('node:path');
const { startSandbox } = require('../test/shared/harness');

const COMPILER = path.join(__dirname, '../node_modules/typescript/bin/tsc');

const PAYMENT = `
  const { baseUrl, clientId, clientSecret, apiKey } = JSON.parse(process.env.CREDENTIALS);
  const k2 = new KopoKopo({ baseUrl, clientId, clientSecret, apiKey });
  const push = await k2.incomingPayments.create({
    tillNumber: 'K000000', phoneNumber: '0712345678', amount: '100', callbackUrl: 'https://shop.example',
  });
  const payment = await push.wait({ interval: 20 });
  const body = '{"topic":"customer_created","id":"1","event":{"resource":{"first_name":"Jane"}}}';
  const event = k2.webhooks.verify(body, signWebhook(apiKey, body));
  console.log(payment.isPaid, event.payload.kind, typeof webhooks);
`;

const FILES = {
  'package.json': '{ "private": true }',
  'commonjs.cjs': `const { KopoKopo, signWebhook } = require('kopokopo');
    const { webhooks } = require('kopokopo/express');
    (async () => {${PAYMENT}})();`,
  'edge.mjs': `import { WebhookVerifier, signWebhook, webhooks } from 'kopokopo/edge';
    const body = '{"topic":"customer_created","id":"1","event":{"resource":{"first_name":"Jane"}}}';
    const event = new WebhookVerifier({ apiKeys: ['key'] }).verify(body, signWebhook('key', body));
    console.log(event.topic === 'customer_created', event.payload.kind, typeof webhooks);`,
  'testing.mjs': `import { startSandbox } from 'kopokopo/testing';
    const sandbox = await startSandbox();
    const k2 = sandbox.client();
    const { id } = await k2.incomingPayments.create({
      tillNumber: 'K000000', phoneNumber: '254700000006', amount: '100', callbackUrl: 'https://shop.example',
    });
    await sandbox.customerPays(id);
    console.log((await k2.incomingPayments.wait(id, { interval: 20 })).isPaid);
    await sandbox.close();`,
  'module.mjs': `import { KopoKopo, signWebhook } from 'kopokopo';
    import { webhooks } from 'kopokopo/express';
    ${PAYMENT}`,
  'strict.mts': `import { KopoKopo, signWebhook } from 'kopokopo';
    import { webhooks } from 'kopokopo/express';
    declare const process: { env: { CREDENTIALS: string } };
    declare const console: { log(...values: unknown[]): void };
    ${PAYMENT}`,
  'edge.mts': `import { WebhookVerifier, webhooks, type Event } from 'kopokopo/edge';
    export const POST = webhooks(new WebhookVerifier({ apiKeys: ['key'] }), (event: Event): void => void event.dedupeKey);`,
  'strict.cts': `import { KopoKopo, type IncomingPayment } from 'kopokopo';
    export const read = (id: string): Promise<IncomingPayment> => KopoKopo.fromEnv().incomingPayments.get(id);`,
  'tsconfig.json': `{
    "compilerOptions": {
      "strict": true, "noEmit": true, "skipLibCheck": false, "module": "nodenext", "target": "es2022", "lib": ["es2022"], "types": []
    },
    "files": ["strict.mts", "strict.cts", "edge.mts"]
  }`,
};

async function main(sources) {
  if (sources.length === 0) throw new Error('FOLDER is missing: npm run try -- FOLDER...');
  const archives = (source) => fs.readdirSync(source).filter((file) => file.endsWith('.tgz')).map((file) => path.resolve(source, file));
  const packages = sources.flatMap(archives);
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'kopokopo-'));
  const sandbox = await startSandbox();
  try {
    for (const [name, text] of Object.entries(FILES)) fs.writeFileSync(path.join(folder, name), text);
    const run = (program, ...args) => {
      const env = { ...process.env, CREDENTIALS: JSON.stringify(sandbox.credentials), K2_SANDBOX_BIN: '' };
      return execFileSync(program, args, { cwd: folder, env, encoding: 'utf8', shell: process.platform === 'win32' }).trim();
    };
    // Offline, because the packages have no other dependencies.
    run('npm', 'install', '--silent', '--offline', '--no-audit', '--no-fund', '--no-package-lock', ...packages);
    for (const file of ['commonjs.cjs', 'module.mjs', 'edge.mjs']) {
      const output = run(process.execPath, file);
      if (output !== 'true customer_created function') throw new Error(`${file}: ${output}`);
    }
    if (packages.some((file) => path.basename(file).startsWith('kopokopo-sandbox'))) {
      const output = run(process.execPath, 'testing.mjs');
      if (output !== 'true') throw new Error(`testing.mjs: ${output}`);
    }
    run(process.execPath, COMPILER, '-p', '.');
    const installed = fs.readdirSync(path.join(folder, 'node_modules')).filter((name) => !name.startsWith('.'));
    console.log(`${installed.join(' and ')}: CommonJS, ES modules, WebAssembly and TypeScript work on Node ${process.version}`);
  } finally {
    await sandbox.close();
    fs.rmSync(folder, { recursive: true });
  }
}

main(process.argv.slice(2)).catch((error) => {
  console.error(error.stdout || error.stderr || error.message);
  process.exitCode = 1;
});
