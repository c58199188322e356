/**
 * The loop waits in libuv's place, so everything else that Node does has to stay alive beside it: under a load of
 * packets that never pauses, and when nothing is there to receive.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { createConnection, createServer, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import test, { type ExecutionContext } from 'ava';
import { loadNative } from '../../../broker/native/addon.js';
import { within } from '../../support/eventually.js';
import { checkDescriptors } from '../../support/leaks.js';
import { createPair, type Pair, sendNumber } from './probe.js';

const native = loadNative();
checkDescriptors(test);
const directory = mkdtempSync(join(tmpdir(), 'capstan-'));
test.after.always(() => rmSync(directory, { recursive: true, force: true }));

/** Packets going back and forth for ever, so that the loop is never idle. */
function startLoad(pair: Pair): void {
  pair.atLeft.onPacket = () => {
    pair.atLeft.packets.length = 0;
    sendNumber(pair.loop, pair.left, 1);
  };
  pair.atRight.onPacket = () => {
    pair.atRight.packets.length = 0;
    sendNumber(pair.loop, pair.right, 1);
  };
  for (let count = 0; count < 4; count += 1) sendNumber(pair.loop, pair.left, 1);
}

/** Runs the action inside a packet handler, so that what it starts is started from within the loop's own wait. */
function fromHandler<T>(pair: Pair, action: () => Promise<T>): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const before = pair.atRight.onPacket;
    pair.atRight.onPacket = () => {
      pair.atRight.onPacket = before;
      before?.();
      action().then(resolve, reject);
    };
    sendNumber(pair.loop, pair.left, 1);
  });
}

const things: Record<string, () => Promise<unknown>> = {
  'a timer': () => new Promise((resolve) => setTimeout(resolve, 5)),
  'an interval': () =>
    new Promise<void>((resolve) => {
      let ticks = 0;
      const interval = setInterval(() => {
        if (++ticks < 3) return;
        clearInterval(interval);
        resolve();
      }, 2);
    }),
  'an immediate': () => new Promise((resolve) => setImmediate(resolve)),
  'a chain of immediates': async () => {
    for (let count = 0; count < 50; count += 1) await new Promise((resolve) => setImmediate(resolve));
  },
  nextTick: () => new Promise<void>((resolve) => process.nextTick(resolve)),
  'a chain of promises': async () => {
    for (let count = 0; count < 100; count += 1) await Promise.resolve();
  },
  'the file system': async () => {
    const path = join(directory, 'file');
    await writeFile(path, 'content');
    return readFile(path);
  },
  'a server and its client': async () => {
    const server = createServer((connection) => connection.end('hello'));
    server.listen(join(directory, 'server'));
    await once(server, 'listening');
    const client = createConnection(join(directory, 'server'));
    client.resume();
    await once(client, 'end');
    client.destroy();
    server.close();
    await once(server, 'close');
  },
  // Nothing but its own watcher can wake the loop for it: the one that libuv has not told the kernel of yet.
  'a pipe that is readable already': async () => {
    const [read, write] = native.pipe();
    native.write(write, Buffer.from('x'), 0, 1);
    const socket = new Socket({ fd: read, readable: true, writable: false });
    await once(socket, 'data');
    native.close(write);
    await once(socket, 'close');
  },
  'a child process': async () => {
    const child = spawn('cat', [], { stdio: ['pipe', 'pipe', 'inherit'] });
    child.stdout.resume();
    child.stdin.end('x');
    await once(child, 'close');
  },
  'a worker': async () => {
    const worker = new Worker(
      "require('node:worker_threads').parentPort.once('message', (m) => process.exit(m))",
      {
        eval: true,
      },
    );
    worker.postMessage(7);
    const [code] = (await once(worker, 'exit')) as [number];
    if (code !== 7) throw new Error(`the worker ended with ${code}`);
  },
  'a signal': async () => {
    const arrived = once(process, 'SIGUSR2');
    process.kill(process.pid, 'SIGUSR2');
    await arrived;
  },
};

/** The worker's and the signal's own descriptors are made once per process; they are not what is checked here. */
test.before(async () => {
  const pair = createPair();
  for (const [name, start] of Object.entries(things)) await within(name, start());
  pair.close();
});

async function live(t: ExecutionContext, start: () => Promise<unknown>, isLoaded: boolean): Promise<void> {
  const pair = createPair();
  if (isLoaded) startLoad(pair);
  await within('started outside', start());
  await within('started from a handler', fromHandler(pair, start));
  await within('started from a handler, a second time', fromHandler(pair, start));
  pair.close();
  t.pass();
}

for (const [name, start] of Object.entries(things)) {
  test.serial(`${name} is alive while packets never pause`, (t) => live(t, start, true));
  test.serial(`${name} is alive while there are no packets`, (t) => live(t, start, false));
}

test.serial('a timer is not late because of packets', async (t) => {
  const pair = createPair();
  startLoad(pair);
  const delays: number[] = [];
  for (let count = 0; count < 10; count += 1) {
    const start = performance.now();
    await new Promise((resolve) => setTimeout(resolve, 10));
    delays.push(performance.now() - start);
  }
  pair.close();
  t.true(Math.min(...delays) < 30, `delays of 10 ms: ${delays.map((delay) => delay.toFixed(1)).join(' ')}`);
});

test.serial('packets are alive while immediates never pause', async (t) => {
  const pair = createPair();
  let isOver = false;
  const spin = (): void => {
    if (!isOver) setImmediate(spin);
  };
  spin();
  for (let count = 0; count < 20; count += 1) {
    sendNumber(pair.loop, pair.left, count);
    await pair.atRight.until(count + 1);
  }
  isOver = true;
  t.is(pair.atRight.packets.length, 20);
  pair.close();
});

test.serial('an idle process sleeps', async (t) => {
  const pair = createPair();
  const before = process.cpuUsage();
  await new Promise((resolve) => setTimeout(resolve, 300));
  const { user, system } = process.cpuUsage(before);
  pair.close();
  t.true(user + system < 150_000, `CPU time in 300 ms of waiting: ${user + system} µs`);
});
