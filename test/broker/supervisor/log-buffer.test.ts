import test from 'ava';
import fc from 'fast-check';
import { LogBuffer, lineBytesMax } from '../../../broker/supervisor/log-buffer.js';
import { seedOf } from '../../support/random.js';

const texts = (buffer: LogBuffer): readonly string[] => buffer.read().lines.map((line) => line.text);

test('U6: lines are cut at newlines, whatever the reads were, and carry the time of their first byte', (t) => {
  const buffer = new LogBuffer(4096);
  t.deepEqual(buffer.append(Buffer.from('one\ntw'), 10), [{ number: 1, wallMs: 10, text: 'one' }]);
  t.is(buffer.read().unfinished, 'tw');
  t.deepEqual(buffer.append(Buffer.from('o\n\n'), 20), [
    { number: 2, wallMs: 10, text: 'two' },
    { number: 3, wallMs: 20, text: '' },
  ]);
  t.is(buffer.read().unfinished, '');
});

test('U6: the oldest lines give way and are counted, and numbers go on', (t) => {
  const buffer = new LogBuffer(64);
  for (let index = 0; index < 20; index += 1) buffer.append(Buffer.from(`line-${10 + index}\n`), index);
  t.deepEqual(texts(buffer), [
    'line-22',
    'line-23',
    'line-24',
    'line-25',
    'line-26',
    'line-27',
    'line-28',
    'line-29',
  ]);
  t.is(buffer.read().droppedLines, 12);
  t.deepEqual(
    buffer.read(18).lines.map((line) => line.number),
    [19, 20],
  );
  t.deepEqual(
    buffer.read(0, 1).lines.map((line) => line.text),
    ['line-29'],
  );
  buffer.clear();
  t.deepEqual(buffer.read(), { lines: [], droppedLines: 0, unfinished: '' });
  t.is(buffer.append(Buffer.from('x\n'), 0)[0]?.number, 21);
});

test('U6: a line without an end is cut at the maximum, and flush ends the last one', (t) => {
  const buffer = new LogBuffer(1024 * 1024);
  buffer.append(Buffer.alloc(lineBytesMax * 2 + 5, 'a'), 1);
  t.deepEqual(
    texts(buffer).map((text) => text.length),
    [lineBytesMax, lineBytesMax],
  );
  t.is(buffer.flush()?.text, 'aaaaa');
  t.is(buffer.flush(), undefined);
});

test('U6: any cutting of the same bytes gives the same lines, and never more than the capacity', (t) => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ maxLength: 40 }), { maxLength: 30 }),
      fc.array(fc.nat(9), { minLength: 1, maxLength: 20 }),
      (lines, cuts) => {
        const bytes = Buffer.from(lines.map((line) => `${line.replaceAll('\n', ' ')}\n`).join(''));
        const whole = new LogBuffer(256);
        whole.append(bytes, 0);
        const pieces = new LogBuffer(256);
        for (let at = 0, step = 0; at < bytes.length; step += 1) {
          const size = 1 + (cuts[step % cuts.length] ?? 0);
          pieces.append(bytes.subarray(at, at + size), 0);
          at += size;
          const held = pieces.read();
          let size2 = Buffer.byteLength(held.unfinished);
          for (const line of held.lines) size2 += Buffer.byteLength(line.text) + 1;
          // An unfinished character shows as U+FFFD, up to three bytes for one.
          if (size2 > 256 + 9) return false;
        }
        return JSON.stringify(texts(whole)) === JSON.stringify(texts(pieces));
      },
    ),
    { seed: seedOf(t) },
  );
  t.is(new LogBuffer(256).read().lines.length, 0);
});
