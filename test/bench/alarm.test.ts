/** The alarm clock of open loops in Node: a timerfd in the event loop. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { loadAlarm } from '../../bench/peers/alarm.js';
import { checkDescriptors } from '../support/leaks.js';

const alarm = loadAlarm();

test.afterEach.always(() => alarm.close());

checkDescriptors(test);

/** How long it takes from setting the alarm until it comes. */
async function tookMs(ms: number): Promise<number> {
  const took = await new Promise<number>((resolve) => {
    const startMs = performance.now();
    alarm.open(() => resolve(performance.now() - startMs));
    alarm.set(ms);
  });
  alarm.close();
  return took;
}

test.serial('it comes when its moment has come, fractions of a millisecond included', async (t) => {
  for (const ms of [0.3, 2.4]) {
    const times: number[] = [];
    // On a busy machine most may be late, but not all of them.
    while (times.length < 200 && !times.some((time) => time < Math.ceil(ms))) times.push(await tookMs(ms));
    t.true(Math.min(...times) >= ms, `${Math.min(...times)} ms`);
    t.true(
      times.some((time) => time < Math.ceil(ms)),
      'never before the next whole millisecond',
    );
  }
});

test.serial('it comes once', async (t) => {
  let times = 0;
  await new Promise<void>((resolve) => {
    alarm.open(() => {
      times++;
      resolve();
    });
    alarm.set(0.1);
  });
  await new Promise((resolve) => setTimeout(resolve, 5));
  t.is(times, 1);
});

test.serial('a moment in the past comes at once, though not before the caller is done', async (t) => {
  let isDone = false;
  const wasDone = await new Promise<boolean>((resolve) => {
    alarm.open(() => resolve(isDone));
    alarm.set(-5);
    isDone = true;
  });
  t.true(wasDone);
});

test.serial(
  'to set it again replaces the moment before, also one that has come and was not seen',
  async (t) => {
    const startMs = performance.now();
    const tookMs = await new Promise<number>((resolve) => {
      alarm.open(() => resolve(performance.now() - startMs));
      alarm.set(0.1);
      while (performance.now() - startMs < 2);
      alarm.set(20);
    });
    t.true(tookMs >= 20, `${tookMs} ms`);
  },
);

test.serial('it can be set from its own listener', async (t) => {
  let times = 0;
  await new Promise<void>((resolve) => {
    alarm.open(() => {
      if (++times === 100) resolve();
      else alarm.set(0.01);
    });
    alarm.set(0);
  });
  t.is(times, 100);
});

test.serial('when it is closed its listener is not called again, and it cannot be set', async (t) => {
  let times = 0;
  alarm.open(() => times++);
  alarm.set(0);
  alarm.close();
  await new Promise((resolve) => setTimeout(resolve, 5));
  t.is(times, 0);
  t.throws(() => alarm.set(1), { code: 'alarm' });
  t.notThrows(() => alarm.close());
});

test.serial('a thread has one, and what is no time is refused', (t) => {
  alarm.open(() => {});
  t.throws(() => alarm.open(() => {}), { code: 'alarm' });
  t.throws(() => alarm.set(Number.NaN), { code: 'alarm' });
  t.throws(() => alarm.set(Number.POSITIVE_INFINITY), { code: 'alarm' });
});

test.serial('a process that leaves it open ends all the same when it is told to', (t) => {
  const path = fileURLToPath(new URL('../../bench/peers/alarm.js', import.meta.url));
  const program = `import { loadAlarm } from ${JSON.stringify(path)};
    const alarm = loadAlarm();
    alarm.open(() => process.exit(7));
    alarm.set(1);`;
  const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
    encoding: 'utf8',
    timeout: 30_000,
  });
  t.is(status, 7, stderr);
});
