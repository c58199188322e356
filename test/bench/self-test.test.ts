/** The checkers against a transport that swaps two messages now and then, and against the same one as it is. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { runSwappingSelfTest } from '../../bench/check/self-test.js';
import { limits } from '../../broker/contract/index.js';
import { openPacketLoop } from '../../broker/native/packet-loop.js';
import { createTime } from '../../broker/native/time.js';
import { createSocketsTransport } from '../../transports/sockets/index.js';
import { checkDescriptors } from '../support/leaks.js';

const { packetBytesMax, descriptorReserve } = limits;
const loop = openPacketLoop({ packetBytesMax, descriptorReserve });
const time = createTime();

checkDescriptors(test);

const seed = Number(process.env['CAPSTAN_SEED'] ?? 20_261_122);

test.serial('two messages in ten thousand that were swapped are caught, and nothing else is', async (t) => {
  t.log(`seed ${seed}`);
  const { clean, swapping, swaps, passed } = await runSwappingSelfTest({ seed });
  t.log(`${swaps} swaps among ${swapping.messages} messages`);
  t.log(swapping.example ?? '');
  t.deepEqual(clean, { messages: 40_000, deliveryFaults: 0, overtaken: 0, inversions: 0 });
  t.true(swaps > 0);
  t.is(swapping.overtaken, swaps);
  t.is(swapping.inversions, swaps);
  t.is(swapping.deliveryFaults, 0);
  t.is(swapping.exampleSize, 2);
  t.true(passed);
});

test.serial('a self-test in which nothing was swapped has not passed', async (t) => {
  const { swaps, passed } = await runSwappingSelfTest({ seed, messages: 100, oneIn: 1_000_000_000 });
  t.is(swaps, 0);
  t.false(passed);
});

test.serial('the same holds over real sockets', async (t) => {
  t.log(`seed ${seed}`);
  const directory = mkdtempSync(join(tmpdir(), 'capstan-self-test-'));
  try {
    const { passed, swaps } = await runSwappingSelfTest({
      createTransport: () => createSocketsTransport({ loop, time }),
      path: join(directory, 'socket'),
      messages: 2_000,
      oneIn: 200,
      seed,
    });
    t.true(passed);
    t.true(swaps > 0);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});
