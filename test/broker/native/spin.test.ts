/**
 * Looking again before sleeping, counted and not timed: how often a loop spins is what it costs, and depends on the machine's load
 * less than any time does.
 */
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { Worker } from 'node:worker_threads';
import test, { type ExecutionContext } from 'ava';
import { spinUsMax } from '../../../broker/contract/limits.js';
import { loadNative } from '../../../broker/native/addon.js';
import { HeaderWord } from '../../../broker/native/loop-memory.js';
import { type OpenPacketLoop, OtherSpinTime, openPacketLoop } from '../../../broker/native/packet-loop.js';
import { startEchoPartner } from '../../support/echo-partner.js';
import { eventually, within } from '../../support/eventually.js';
import { checkDescriptors } from '../../support/leaks.js';
import { isSanitized } from '../../support/sanitizers.js';

const native = loadNative();
const cpus = native.getAffinity();
const [first = 0, second] = cpus;
const sizes = { packetBytesMax: 8192, descriptorReserve: 64 };
checkDescriptors(test);
test.after.always(() => native.setAffinity(cpus));

type Round = (count: number) => Promise<void>;

/** A loop on the first processor and a partner on `partnerCpu`; both spin for at most `spinUs`. */
async function withPartner(
  spinUs: number,
  partnerCpu: number,
  use: (loop: OpenPacketLoop, run: Round) => Promise<void>,
): Promise<void> {
  native.setAffinity([first]);
  const loop = openPacketLoop({ ...sizes, spinUs });
  try {
    const partner = await startEchoPartner(loop, partnerCpu, spinUs);
    try {
      await use(loop, (count) => within('the round trips', partner.run(count), 60_000));
    } finally {
      await partner.end();
    }
  } finally {
    loop.release();
    native.setAffinity(cpus);
  }
}

/** Round trips until so many spins have paid, where there is a second processor. */
async function warmUp(t: ExecutionContext, loop: OpenPacketLoop, run: Round, paid: number): Promise<void> {
  if (isSanitized) {
    await run(2_000);
    t.log('with sanitizers no spin has to pay: their answers may take longer than any window');
  } else {
    await eventually(
      `${paid} spins have paid`,
      async () => {
        await run(500);
        return loop.spinCounts.paid >= paid;
      },
      60_000,
    );
  }
  t.log(JSON.stringify(loop.spinCounts));
}

/** The words that the next loop shares with C, while `use` runs. */
async function withWords(use: (header: () => Int32Array) => Promise<void>): Promise<void> {
  const { loopOpen } = native;
  let words: ArrayBuffer | undefined;
  native.loopOpen = (...args) => {
    const buffers = loopOpen(...args);
    words = buffers.words;
    return buffers;
  };
  try {
    await use(() => new Int32Array(words ?? new ArrayBuffer(0)));
  } finally {
    native.loopOpen = loopOpen;
  }
}

test.serial('a loop that was not told to spin never looks twice', async (t) => {
  await withPartner(0, second ?? first, async (loop, run) => {
    await run(2_000);
    t.deepEqual(loop.spinCounts, { spins: 0, paid: 0, looks: 0 });
  });
});

test.serial('on one processor spinning is in vain, and is given up', async (t) => {
  await withPartner(50, first, async (loop, run) => {
    await run(5_000);
    const { spins } = loop.spinCounts;
    t.log(JSON.stringify(loop.spinCounts));
    // 50 µs and less each, of 5,000 round trips of at least 10 µs.
    t.true(spins < 100, `${spins} spins`);
  });
});

test.serial('with a processor each spins pay, and one who is idle afterwards spins no more', async (t) => {
  if (second === undefined) {
    t.log('not tested: there is one processor only');
    t.pass();
    return;
  }
  await withPartner(50, second, async (loop, run) => {
    await warmUp(t, loop, run, 200);
    const { spins } = loop.spinCounts;
    for (let count = 0; count < 10; count++) await new Promise((resolve) => setTimeout(resolve, 20));
    const idle = loop.spinCounts.spins - spins;
    // From the whole window to none it is halved four times.
    t.true(idle <= 6, `${idle} spins while idle`);
  });
});

test.serial('nothing of libuv is lost in a spin, and no timer is late by many of them', async (t) => {
  await withPartner(spinUsMax, second ?? first, async (loop, run) => {
    if (second !== undefined) await warmUp(t, loop, run, 100);
    let isOver = false;
    const load = (async () => {
      while (!isOver) await run(20);
    })();
    const late: number[] = [];
    for (let count = 0; count < 50; count++) {
      const start = performance.now();
      await new Promise((resolve) => setTimeout(resolve, 2));
      late.push(performance.now() - start - 2);
    }
    // The best of them tells of the loop, and the others of the machine. Timers know milliseconds: that one waits for the end of a
    // single spin, of a tenth of one, would not show.
    const best = Math.min(...late);
    if (isSanitized) t.log(`the least late timer was ${best} ms late, which with sanitizers is not judged`);
    else t.true(best < 1.2, `the least late timer was ${best} ms late`);
    const signal = once(process, 'SIGUSR2');
    process.kill(process.pid, 'SIGUSR2');
    await within('a signal', signal);
    for (let count = 0; count < 20; count++) await within('a file', readFile(new URL(import.meta.url)));
    for (let count = 0; count < 20; count++)
      await within('an immediate', new Promise((resolve) => setImmediate(resolve)));
    const worker = new Worker('process.on("exit", () => {})', { eval: true });
    await within('a worker', once(worker, 'exit'), 30_000);
    isOver = true;
    await load;
    // Each of these was waited for; nothing was lost.
    t.pass();
  });
});

test.serial('what C counts for as long as a process lives overflows nowhere', async (t) => {
  const last = 2 ** 31 - 1;
  await withWords(async (header) => {
    await withPartner(spinUsMax, second ?? first, async (loop, run) => {
      for (const word of [HeaderWord.Epoch, HeaderWord.Spins, HeaderWord.SpinsPaid, HeaderWord.Looks])
        header()[word] = last;
      await run(2_000);
      t.true(loop.epoch < -1_000, `epoch ${loop.epoch}`);
      const { spins, paid, looks } = loop.spinCounts;
      t.log(JSON.stringify(loop.spinCounts));
      t.true(paid >= last && spins >= paid && looks >= spins);
    });
  });
});

test.serial('a spin time is a whole number up to its limit, and one for the process', (t) => {
  for (const spinUs of [-1, 1.5, spinUsMax + 1, Number.NaN])
    t.throws(() => openPacketLoop({ ...sizes, spinUs }), undefined, String(spinUs));
  const loop = openPacketLoop({ ...sizes, spinUs: spinUsMax });
  t.is(loop.spinUs, spinUsMax);
  const other = t.throws(() => openPacketLoop({ ...sizes, spinUs: 0 }), { instanceOf: OtherSpinTime });
  t.is(other.spinUs, spinUsMax);
  openPacketLoop(sizes).release();
  loop.release();
  t.deepEqual(loop.spinCounts, { spins: 0, paid: 0, looks: 0 });
});
