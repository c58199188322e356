import test from 'ava';
import fc from 'fast-check';
import { limits } from '../../../broker/contract/index.js';
import { parseNotification, statusLine } from '../../../broker/supervisor/notification.js';
import { seedOf } from '../../support/random.js';

const parse = (text: string): unknown => {
  const { word, mainPid } = parseNotification(Buffer.from(text));
  return mainPid === undefined ? word : { ...word, mainPid };
};

test('W3 every name of the protocol', (t) => {
  t.deepEqual(parse('READY=1'), { isReady: true });
  t.deepEqual(parse('RELOADING=1\nMONOTONIC_USEC=123\n'), { isReloading: true });
  t.deepEqual(parse('STOPPING=1\nSTATUS=good bye\n'), { isStopping: true, statusText: 'good bye' });
  t.deepEqual(parse('WATCHDOG=1'), { watchdog: 'alive' });
  t.deepEqual(parse('WATCHDOG=trigger'), { watchdog: 'trigger' });
  t.deepEqual(parse('WATCHDOG_USEC=1500000'), { watchdogMs: 1500 });
  t.deepEqual(parse('EXTEND_TIMEOUT_USEC=2500'), { extendMs: 2.5 });
  t.deepEqual(parse('ERRNO=2\nEXIT_STATUS=0'), { errno: 2, exitStatus: 0 });
  t.deepEqual(parse('MAINPID=4711'), { mainPid: 4711 });
  t.deepEqual(parse('STATUS=a=b=c'), { statusText: 'a=b=c' });
  t.deepEqual(parse('STATUS=one\nSTATUS=two'), { statusText: 'two' });
});

test('W3 names and values that mean nothing are ignored, one by one', (t) => {
  t.deepEqual(parse('BARRIER=1\nFDSTORE=1\nX-CUSTOM=1\nREADY\n=1\nready=1'), {});
  t.deepEqual(parse('READY=2\nWATCHDOG=yes\nSTOPPING=\nREADY=1'), { isReady: true });
  t.deepEqual(parse('MAINPID=1\nERRNO=99999\nEXIT_STATUS=256\nWATCHDOG_USEC=1s\nEXTEND_TIMEOUT_USEC=-1'), {});
  t.deepEqual(parse(''), {});
});

test('W6 for ever is no watchdog, and more time than a timer has is as much as it has', (t) => {
  t.deepEqual(parse('WATCHDOG_USEC=18446744073709551615'), { watchdogMs: 0 });
  t.deepEqual(parse('WATCHDOG_USEC=0'), { watchdogMs: 0 });
  t.deepEqual(parse('EXTEND_TIMEOUT_USEC=18446744073709551615'), { extendMs: 0x7fff_ffff });
});

test('W5 a status is one line that is safe to show, of bounded size, cut between characters', (t) => {
  t.is(statusLine('  \u001b[2Jx\ry\u0007\u202ez\u2028 '), '[2Jx y  z');
  t.is(statusLine('naïve 日本 👍'), 'naïve 日本 👍');
  const long = statusLine('👍'.repeat(1000));
  t.true(Buffer.byteLength(long) <= limits.statusTextBytesMax);
  t.regex(long, /^(?:👍)+…$/u);
});

test('W3 no bytes make it fail, and no status has control characters', (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      const { word } = parseNotification(Buffer.concat([Buffer.from('STATUS='), bytes]));
      return !/\p{Cc}/u.test(word.statusText ?? '');
    }),
    { seed: seedOf(t) },
  );
  t.pass();
});
