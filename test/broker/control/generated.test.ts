/** The generated code of the control objects. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { EventKind, Events, Request, Response } from '../../../broker/contract/control.js';

const root = fileURLToPath(new URL('../../../../', import.meta.url));

test('the committed code is what control.proto gives', (t) => {
  const out = mkdtempSync(join(tmpdir(), 'capstan-proto-'));
  t.teardown(() => rmSync(out, { recursive: true }));
  const contract = join(root, 'broker', 'contract');
  execFileSync(process.execPath, [join(contract, 'generate.mjs'), out]);
  for (const file of ['control.js', 'control.d.ts']) {
    const committed = readFileSync(join(contract, 'generated', file), 'utf8');
    t.true(
      readFileSync(join(out, file), 'utf8') === committed,
      `${file} is old: node broker/contract/generate.mjs`,
    );
  }
});

/** What version 1 wrote; later versions read it, for ever. */
const vectors: readonly (readonly [string, string, object])[] = [
  ['ping', '1200', { ping: {} }],
  ['status', '1a00', { status: {} }],
  ['facet', '22020802', { facet: { rights: 2 } }],
  ['find', '32070a037765621001', { find: { name: 'web', load: true } }],
  ['start', '08e8074a0408011001', { deadlineMs: 1000, start: { wait: true, pin: true } }],
  ['log', '7a0b090000000000001c401002', { log: { after: 7, linesMax: 2 } }],
];

for (const [name, hex, request] of vectors) {
  test(`the encoding of version 1 is read: ${name}`, (t) => {
    const decoded = Request.decode(Buffer.from(hex, 'hex'));
    t.like(JSON.parse(JSON.stringify(decoded)), request);
    t.is(Buffer.from(Request.encode(request).finish()).toString('hex'), hex);
  });
}

test('a field of a later version does not disturb', (t) => {
  const later = Buffer.concat([Request.encode({ ping: {} }).finish(), Buffer.from('a21f03616263', 'hex')]);
  t.truthy(Request.decode(later).ping);
});

test('texts, numbers and lists come back as they were', (t) => {
  const status = {
    name: 'é'.repeat(300),
    pid: 4_194_304,
    sinceWallMs: 1.7e12,
    waitsFor: ['a', 'b'],
    exit: { code: -1 },
  };
  t.like(Response.decode(Response.encode({ status }).finish()).status, status);
  const events = [{ kind: EventKind.EVENT_LOG, sequence: 2 ** 40, line: { number: 3, text: '' } }];
  t.like(Events.decode(Events.encode({ events, lost: 7 }).finish()), { lost: 7 });
});
