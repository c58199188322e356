/** What an observer of the bus remembers of calls: a bounded number, at a bounded cost. */
import test from 'ava';
import { SeenCalls, seenCallsMax } from '../../transports/bus/router/seen-calls.js';
import { cpuNs } from '../support/cpu-time.js';

test('a call is remembered until its end, and only the oldest are forgotten when there are too many', (t) => {
  const calls = new SeenCalls<number>();
  for (let at = 0; at <= seenCallsMax; at += 1) calls.begin(`1.${at}`, at);
  t.true(calls.size <= seenCallsMax && calls.size > seenCallsMax * 0.9);
  t.is(calls.end('1.0'), undefined);
  t.is(calls.end(`1.${seenCallsMax}`), seenCallsMax);
  t.is(calls.end(`1.${seenCallsMax}`), undefined);
  t.is(calls.end('1.60000'), 60_000);
  calls.clear();
  t.is(calls.size, 0);
});

test('Q6: remembering one more costs about the same when none of those before ever ends', (t) => {
  const calls = new SeenCalls<number>();
  /** The cost of so many more, in nanoseconds for each. */
  const each = (count: number): number => {
    const since = cpuNs();
    for (let at = 0; at < count; at += 1) calls.begin(`${calls.size}.${at}.${since}`, at);
    return (cpuNs() - since) / count;
  };
  const growing = each(seenCallsMax);
  const full = Math.min(each(seenCallsMax), each(seenCallsMax));
  t.true(
    full < 10 * growing + 1_000,
    `${full.toFixed(0)} ns for each when full, ${growing.toFixed(0)} before`,
  );
});
