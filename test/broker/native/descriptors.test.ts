import { spawnSync } from 'node:child_process';
import { constants, fstatSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { loadNative, Seal } from '../../../broker/native/addon.js';
import { eventually } from '../../support/eventually.js';
import { checkDescriptors, openDescriptors } from '../../support/leaks.js';

const native = loadNative();
const directory = mkdtempSync(join(tmpdir(), 'capstan-'));
test.after.always(() => rmSync(directory, { recursive: true, force: true }));
checkDescriptors(test);

test.serial('duplicate gives a second number for the same file, never one of the first three', (t) => {
  const [read, write] = native.pipe();
  const other = native.duplicate(write);
  t.true(other > 2 && other !== write);
  native.close(write);
  t.is(native.write(other, Buffer.from('still'), 0, 5), 5);
  const bytes = new Uint8Array(8);
  t.is(native.read(read, bytes, 1, 7), 5);
  t.is(Buffer.from(bytes.subarray(1, 6)).toString(), 'still', 'the offset is kept');
  native.close(other);
  t.is(native.read(read, bytes, 0, 8), 0, 'the end');
  t.throws(() => native.duplicate(other), { code: 'EBADF' });
  t.throws(() => native.close(other), { code: 'EBADF' });
  native.close(read);
});

test.serial('read and write return the negative errno', (t) => {
  const [read, write] = native.pipe();
  const bytes = new Uint8Array(8);
  t.is(native.read(read, bytes, 0, 8), -11, 'EAGAIN');
  t.is(native.write(read, bytes, 0, 8), -9, 'EBADF: not open for writing');
  native.close(read);
  t.is(native.write(write, bytes, 0, 8), -32, 'EPIPE, and no signal');
  t.is(native.write(write, new Uint8Array(0), 0, 0), 0, 'an empty write');
  native.close(write);
});

test.serial('read and write never leave the array', (t) => {
  const [read, write] = native.pipe();
  const bytes = new Uint8Array(8);
  t.throws(() => native.write(write, bytes, 0, 9), { instanceOf: RangeError });
  t.throws(() => native.write(write, bytes, 8, 1), { instanceOf: RangeError });
  t.throws(() => native.read(read, bytes, 9, 0), { instanceOf: RangeError });
  const part = new Uint8Array(new ArrayBuffer(64), 16, 8);
  t.throws(() => native.read(read, part, 4, 5), { instanceOf: RangeError }, 'the bounds of the view count');
  native.close(read);
  native.close(write);
});

test.serial('a child inherits what is not close-on-exec, and nothing else', (t) => {
  const [read, write] = native.pipe();
  const names = (): string =>
    spawnSync('sh', ['-c', 'ls /proc/$$/fd'], { stdio: ['ignore', 'pipe', 'ignore'] }).stdout.toString();
  t.false(names().split('\n').includes(String(write)));
  native.setCloseOnExec(write, false);
  // Node closes what it does not know in a child, so the flag itself is looked at.
  t.regex(readFileSync(`/proc/self/fdinfo/${write}`, 'utf8'), /flags:\s+0*[0-7]?4001\n/);
  native.setCloseOnExec(write, true);
  t.regex(readFileSync(`/proc/self/fdinfo/${write}`, 'utf8'), /flags:\s+02004001\n/);
  native.setNonBlocking(write, false);
  t.regex(readFileSync(`/proc/self/fdinfo/${write}`, 'utf8'), /flags:\s+02000001\n/);
  native.close(read);
  native.close(write);
});

test.serial('open opens close-on-exec and says why it cannot', (t) => {
  const path = join(directory, 'file');
  writeFileSync(path, 'content');
  const descriptor = native.open(path, constants.O_RDONLY, 0);
  const bytes = new Uint8Array(16);
  t.is(native.read(descriptor, bytes, 0, 16), 7);
  native.close(descriptor);
  t.throws(() => native.open(join(directory, 'none'), constants.O_RDONLY, 0), { code: 'ENOENT' });
  t.throws(() => native.open('x'.repeat(5000), constants.O_RDONLY, 0), { code: 'ENAMETOOLONG' });
  const made = native.open(join(directory, 'made'), constants.O_CREAT | constants.O_WRONLY, 0o640);
  t.is(fstatSync(made).mode & 0o777, 0o640);
  native.close(made);
});

test.serial('an eventfd counts', (t) => {
  const descriptor = native.eventfd(3);
  const bytes = new Uint8Array(8);
  t.is(native.read(descriptor, bytes, 0, 8), 8);
  t.is(bytes[0], 3);
  t.is(native.read(descriptor, bytes, 0, 8), -11);
  native.close(descriptor);
});

test.serial('a timerfd is readable when its time has come, on both clocks', async (t) => {
  const bytes = new Uint8Array(8);
  const plans = [
    { isWall: false, timeMs: 5, isAbsolute: false },
    { isWall: false, timeMs: 1, isAbsolute: true },
    { isWall: true, timeMs: Math.floor(Date.now()) + 5, isAbsolute: true },
    { isWall: true, timeMs: 5, isAbsolute: false },
  ];
  for (const { isWall, timeMs, isAbsolute } of plans) {
    const descriptor = native.timerfdCreate(isWall);
    t.is(native.read(descriptor, bytes, 0, 8), -11, 'not armed');
    native.timerfdSet(descriptor, timeMs, isAbsolute);
    await eventually('the timer', () => native.read(descriptor, bytes, 0, 8) === 8);
    native.timerfdSet(descriptor, 60_000, false);
    native.timerfdSet(descriptor, 0, false);
    t.is(native.read(descriptor, bytes, 0, 8), -11, 'disarmed');
    native.close(descriptor);
  }
});

test.serial('a memfd is shared by its mappings and keeps its seals', (t) => {
  const descriptor = native.memfdCreate('test', true);
  native.ftruncate(descriptor, 4096);
  native.addSeals(descriptor, Seal.Shrink | Seal.Grow);
  t.is(native.getSeals(descriptor), Seal.Shrink | Seal.Grow);
  t.throws(() => native.ftruncate(descriptor, 0), { code: 'EPERM' });
  const one = new Int32Array(native.mapShared(descriptor, 4096, true));
  const other = new Int32Array(native.mapShared(descriptor, 4096, true));
  Atomics.add(one, 5, 42);
  t.is(Atomics.load(other, 5), 42);
  t.throws(() => native.mapShared(descriptor, 8192, true), { code: 'EOVERFLOW' });
  t.throws(() => native.addSeals(descriptor, Seal.Write), { code: 'EBUSY' }, 'it is mapped writable');
  const seen = new Int32Array(native.mapShared(descriptor, 4096, false));
  t.is(seen[5], 42);
  native.close(descriptor);
  t.is(Atomics.load(one, 5), 42, 'the mapping outlives the descriptor');
});

test.serial('a memfd that is not sealable refuses seals', (t) => {
  const descriptor = native.memfdCreate('plain', false);
  t.throws(() => native.addSeals(descriptor, Seal.Grow), { code: 'EPERM' });
  t.throws(() => native.memfdCreate('x'.repeat(300), false), { code: 'ENAMETOOLONG' });
  native.close(descriptor);
});

test.serial('sockets S9: sealed bytes can be read again and again, and nobody can change them', (t) => {
  const bytes = Uint8Array.from({ length: 70_000 }, (_, at) => at % 251);
  const descriptor = native.sealBytes(bytes, 1, 69_999);
  t.is(native.sealedLength(descriptor), 69_999);
  for (let round = 0; round < 2; round += 1) {
    const read = new Uint8Array(69_999);
    t.is(native.readSealed(descriptor, read, 0, read.length), 69_999);
    t.true(Buffer.from(read).equals(bytes.subarray(1)));
  }
  t.is(native.readSealed(descriptor, new Uint8Array(70_000), 0, 70_000), 69_999, 'no more than there is');
  t.is(native.write(descriptor, bytes, 0, 1), -1, 'EPERM');
  t.throws(() => native.ftruncate(descriptor, 0), { code: 'EPERM' });
  t.throws(() => native.ftruncate(descriptor, 100_000), { code: 'EPERM' });
  t.throws(() => native.addSeals(descriptor, 0), { code: 'EPERM' });
  t.throws(() => native.mapShared(descriptor, 4096, true), { code: 'EPERM' });
  native.close(descriptor);
});

test.serial(
  'sockets S9: what is not sealed whole, or no memory, or not readable, has no sealed length',
  (t) => {
    const all = Seal.Seal | Seal.Shrink | Seal.Grow | Seal.Write;
    for (const missing of [Seal.Seal, Seal.Shrink, Seal.Grow, Seal.Write]) {
      const descriptor = native.memfdCreate('test', true);
      native.ftruncate(descriptor, 4096);
      native.addSeals(descriptor, (all & ~missing) | (missing === Seal.Write ? Seal.FutureWrite : 0));
      t.is(native.sealedLength(descriptor), -1, `without ${missing}`);
      native.close(descriptor);
    }
    const [out, into] = native.pipe();
    t.is(native.sealedLength(out), -22, 'a pipe has no seals');
    const descriptor = native.sealBytes(new Uint8Array(100), 0, 100);
    for (const [flags, errno] of [
      [constants.O_WRONLY, -9],
      [0x20_0000, -9],
      [constants.O_RDONLY, 100],
    ] as const) {
      let other: number;
      try {
        other = native.open(`/proc/self/fd/${descriptor}`, flags, 0);
      } catch {
        // An ordinary user may not open what is sealed for writing, nor could anybody send him such.
        continue;
      }
      t.is(native.sealedLength(other), errno, `opened with ${flags}`);
      native.close(other);
    }
    for (const each of [out, into, descriptor]) native.close(each);
  },
);

test.serial('openDescriptors counts what is open', (t) => {
  const before = native.openDescriptors();
  t.is(before, openDescriptors().size);
  const ends = native.pipe();
  t.is(native.openDescriptors(), before + 2);
  for (const end of ends) native.close(end);
  t.is(native.openDescriptors(), before);
});

test.serial('the descriptor limit is what the shell says', (t) => {
  t.true(native.descriptorLimit() > 0);
  t.true(native.raiseDescriptorLimit() >= native.descriptorLimit());
  const script = `import('${new URL('../../../broker/native/addon.js', import.meta.url).href}')
    .then(({ loadNative }) => console.log(loadNative().descriptorLimit(), loadNative().raiseDescriptorLimit()))`;
  const { stdout } = spawnSync('sh', ['-c', 'ulimit -n 128; exec "$0" -e "$1"', process.execPath, script]);
  t.is(stdout.toString().trim(), '128 128');
});

test.serial('a missing addon says how to build it', (t) => {
  const script = `import('${new URL('../../../broker/native/addon.js', import.meta.url).href}')
    .then(({ loadNative }) => loadNative())`;
  const { status, stderr } = spawnSync(process.execPath, ['-e', script], {
    env: { ...process.env, CAPSTAN_NATIVE: join(directory, 'absent.node') },
  });
  t.not(status, 0);
  t.regex(stderr.toString(), /absent\.node/);
  t.regex(stderr.toString(), /npm run build:native/);
});
