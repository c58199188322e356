import { spawn } from 'node:child_process';
import { once } from 'node:events';
import test from 'ava';
import { loadNative } from '../../../broker/native/addon.js';
import { openPacketLoop } from '../../../broker/native/packet-loop.js';
import { within } from '../../support/eventually.js';
import { checkDescriptors } from '../../support/leaks.js';
import { startProgram } from '../../support/program.js';
import { testSizes } from './probe.js';

const native = loadNative();
const addon = new URL('../../../broker/native/addon.js', import.meta.url).href;
checkDescriptors(test);

test.serial('a pidfd is readable when its process has ended, and signals reach exactly it', async (t) => {
  const loop = openPacketLoop(testSizes);
  const child = spawn('sleep', ['60'], { stdio: 'ignore' });
  const pidfd = native.pidfdOpen(child.pid ?? 0);
  native.pidfdSendSignal(pidfd, 0);
  const ended = new Promise<void>((resolve) => {
    const watch = loop.watch(pidfd, () => {
      watch.stop();
      resolve();
    });
  });
  const exited = once(child, 'exit');
  native.pidfdSendSignal(pidfd, 15);
  await within('the pidfd', ended);
  t.deepEqual(await exited, [null, 'SIGTERM']);
  t.throws(() => native.pidfdSendSignal(pidfd, 0), { code: 'ESRCH' }, 'reaped: the number is nobody');
  native.close(pidfd);
  loop.release();
});

test.serial('a process that is not there has no pidfd', (t) => {
  // Above the kernel's highest pid.
  t.throws(() => native.pidfdOpen(2 ** 22 + 1), { message: /ESRCH|EINVAL/ });
  t.throws(() => native.pidfdOpen(0), { instanceOf: RangeError });
  const [read, write] = native.pipe();
  t.throws(() => native.pidfdSendSignal(read, 0), { code: 'EBADF' });
  native.close(read);
  native.close(write);
});

test.serial('execve replaces the process and keeps the first three descriptors', async (t) => {
  const { child, ended } = startProgram(`
    import { loadNative } from ${JSON.stringify(addon)};
    process.on('SIGUSR1', () => {});
    console.error(process.pid);
    loadNative().execve('/bin/sh', ['sh', '-c', 'echo "$0 $VALUE $$"; trap; ls /proc/$$/fd; echo oops >&2'], ['VALUE=one two']);
  `);
  const result = await within('the shell ends', ended);
  t.is(result.code, 0);
  const [line, ...descriptors] = result.output.trim().split('\n');
  t.is(line, `sh one two ${child.pid}`, 'the same process');
  t.deepEqual(
    descriptors.filter((name) => Number(name) < 3),
    ['0', '1', '2'],
  );
  t.true(descriptors.length <= 5, `the rest is closed: ${descriptors.join(' ')}`);
  t.is(result.errors, `${child.pid}\noops\n`);
});

test.serial('execve gives the program default signals', async (t) => {
  const { ended } = startProgram(`
    import { loadNative } from ${JSON.stringify(addon)};
    loadNative().execve('/bin/cat', ['cat', '/proc/self/status'], []);
  `);
  const { output } = await within('cat ends', ended);
  t.regex(output, /SigIgn:\s+0+\n/);
  t.regex(output, /SigBlk:\s+0+\n/);
});

test.serial('execve that cannot be done throws, and the process goes on', (t) => {
  t.throws(() => native.execve('/nonexistent/program', ['x'], []), { code: 'ENOENT' });
  t.throws(() => native.execve('/etc/passwd', ['x'], []), { code: 'EACCES' });
  t.throws(() => native.execve('/bin/true', ['a\0b'], []), { instanceOf: TypeError });
  t.throws(() => native.execve('/bin/true', [1] as unknown as string[], []), { instanceOf: TypeError });
  t.throws(() => native.execve('/bin/true', 'x' as unknown as string[], []), { instanceOf: TypeError });
});

test.serial('affinity is set and read back', (t) => {
  const all = native.getAffinity();
  t.true(all.length >= 1);
  const one = all.slice(0, 1);
  native.setAffinity(one);
  t.deepEqual(native.getAffinity(), one);
  native.setAffinity(all);
  t.deepEqual(native.getAffinity(), all);
  t.throws(() => native.setAffinity([]), { code: 'EINVAL' });
  t.throws(() => native.setAffinity([5000]), { instanceOf: RangeError });
  t.deepEqual(native.getAffinity(), all);
});

test.serial('thread CPU time grows with work', (t) => {
  const before = native.threadCpuTime();
  let sum = 0;
  while (native.threadCpuTime() - before < 2_000_000) sum += Math.sqrt(sum + 1);
  t.true(sum > 0);
});
