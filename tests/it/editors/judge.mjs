// What ajv and yaml-language-server say of specs: reads `{ cases: { NAME: { value, text, hover: [KEY] } } }` from standard
// input and prints `{ NAME: { ajv: [MESSAGE], yaml: [MESSAGE], hover: { KEY: TEXT } } }`. The arguments are the folder
// that `scripts/install-test-tools` installs the packages in, and the schema.
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const [folder, schemaFile] = process.argv.slice(2);
const require = createRequire(join(folder, 'package.json'));
const Ajv = require('ajv').default;
const rpc = require('vscode-jsonrpc/node');
const { cases } = JSON.parse(readFileSync(0, 'utf8'));

const ajv = new Ajv({ allErrors: true, strict: false });
const validate = ajv.compile(JSON.parse(readFileSync(schemaFile, 'utf8')));

const server = spawn(join(folder, 'node_modules/.bin/yaml-language-server'), ['--stdio'], { stdio: ['pipe', 'pipe', 'inherit'] });
const connection = rpc.createMessageConnection(
  new rpc.StreamMessageReader(server.stdout),
  new rpc.StreamMessageWriter(server.stdin),
);
const waiting = new Map();
connection.onNotification('textDocument/publishDiagnostics', ({ uri, diagnostics }) => waiting.get(uri)?.(diagnostics));
connection.onRequest('workspace/configuration', ({ items }) => items.map(() => null));
connection.onRequest('client/registerCapability', () => null);
connection.listen();
await connection.sendRequest('initialize', { processId: process.pid, rootUri: null, capabilities: {} });
connection.sendNotification('initialized', {});

async function answer(name, { value, text, hover }) {
  const ajvErrors = validate(value) ? [] : validate.errors;
  const uri = `file:///specs/${encodeURIComponent(name)}.yaml`;
  const lines = [`# yaml-language-server: $schema=${pathToFileURL(schemaFile)}`, ...text.split('\n')];
  const said = new Promise((resolve) => waiting.set(uri, resolve));
  connection.sendNotification('textDocument/didOpen', {
    textDocument: { uri, languageId: 'yaml', version: 1, text: lines.join('\n') },
  });
  const diagnostics = await said;
  const shown = {};
  for (const key of hover ?? []) {
    const line = lines.findIndex((line) => line.trim().startsWith(`${key}:`));
    const position = { line, character: lines[line].indexOf(key) };
    const found = await connection.sendRequest('textDocument/hover', { textDocument: { uri }, position });
    shown[key] = found?.contents?.value ?? '';
  }
  return {
    ajv: ajvErrors.map(({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`),
    yaml: diagnostics.map(({ message }) => message),
    hover: shown,
  };
}

const asked = Object.entries(cases).map(async ([name, one]) => [name, await answer(name, one)]);
const answers = Object.fromEntries(await Promise.all(asked));
server.kill();
process.stdout.write(JSON.stringify(answers), () => process.exit(0));
