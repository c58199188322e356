import test from 'ava';
import {
  createDiagnostics,
  type DiagnosticsForm,
  joinLines,
} from '../../../broker/supervisor/diagnostics.js';

function said(form: DiagnosticsForm): string[] {
  const lines: string[] = [];
  const diagnostics = createDiagnostics(
    form,
    (line) => lines.push(line),
    () => 0,
  );
  diagnostics.started('a');
  diagnostics.stopped('a');
  diagnostics.failed('b', 'no such file\n\x1b[2J');
  diagnostics.note('ready');
  diagnostics.error('cannot open x', 'c');
  return lines;
}

test('U17: text: one readable line each, and nothing that moves the cursor', (t) => {
  t.deepEqual(said('text'), [
    '[  OK  ] a\n',
    '[STOPPD] a\n',
    '[FAILED] b: no such file\\x0a\\x1b[2J\n',
    'capstan: ready\n',
    'capstan: c: cannot open x\n',
  ]);
});

test('U17: quiet: errors only', (t) => {
  t.deepEqual(said('quiet'), ['[FAILED] b: no such file\\x0a\\x1b[2J\n', 'capstan: c: cannot open x\n']);
});

test('U17: json: one object per line', (t) => {
  const objects = said('json').map((line) => JSON.parse(line));
  t.deepEqual(objects[0], { time: '1970-01-01T00:00:00.000Z', kind: 'started', service: 'a' });
  t.deepEqual(objects[2].service, 'b');
  t.is(objects.length, 5);
});

test('U17: the lines of one turn are written at once, in order', async (t) => {
  const written: string[] = [];
  const write = joinLines((text) => written.push(text));
  write('a\n');
  write('b\n');
  t.deepEqual(written, []);
  await Promise.resolve();
  t.deepEqual(written, ['a\nb\n']);
  write('c\n');
  await Promise.resolve();
  t.deepEqual(written, ['a\nb\n', 'c\n']);
});
