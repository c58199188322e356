import test from 'ava';
import { EventStream } from '../../../broker/supervisor/event-stream.js';

type Event = {
  readonly kind: 'state' | 'log' | 'shutdown';
  readonly service?: string;
  readonly text: string;
};

function createStream(itemsMax?: number): EventStream<Event> {
  let now = 0;
  return new EventStream<Event>(() => {
    now += 1;
    return { wallMs: 1000 + now, monotonicMs: now };
  }, itemsMax);
}

const state = (service: string, text = ''): Event => ({ kind: 'state', service, text });

test('U7: everybody sees the same events in the same order, with numbers and both times', (t) => {
  const stream = createStream();
  const a = stream.subscribe({ ready: () => {} });
  const b = stream.subscribe({ service: 'x', ready: () => {} });
  stream.emit(state('x', '1'));
  stream.emit(state('y', '2'));
  stream.emit(state('x', '3'));
  t.deepEqual(
    a.take().map((event) => event.sequence),
    [1, 2, 3],
  );
  t.deepEqual(b.take(), [
    { kind: 'state', service: 'x', text: '1', sequence: 1, wallMs: 1001, monotonicMs: 1 },
    { kind: 'state', service: 'x', text: '3', sequence: 3, wallMs: 1003, monotonicMs: 3 },
  ]);
});

test('U7: what is of no service is told to the subscribers of one service, too', (t) => {
  const stream = createStream();
  const one = stream.subscribe({ service: 'x', ready: () => {} });
  stream.emit({ kind: 'shutdown', text: '' });
  t.deepEqual(
    one.take().map((event) => event.kind),
    ['shutdown'],
  );
});

test('U7: a subscriber that does not take loses its oldest events and is told how many; others lose none', (t) => {
  const stream = createStream(4);
  const slow = stream.subscribe({ ready: () => {} });
  const other = stream.subscribe({ service: 'b', ready: () => {} });
  for (let index = 0; index < 10; index += 1) stream.emit(state('a', String(index)));
  stream.emit(state('b'));
  t.is(slow.waiting, 4);
  t.is(slow.takeDropped(), 7);
  t.is(slow.takeDropped(), 0);
  t.deepEqual(
    slow.take().map((event) => event.sequence),
    [8, 9, 10, 11],
  );
  t.is(other.takeDropped(), 0);
  t.is(other.take().length, 1);
});

test('U7: ready is called once for a queue that was empty, and log lines reach only who asked for them', (t) => {
  const stream = createStream();
  let calls = 0;
  const quiet = stream.subscribe({ ready: () => {} });
  const logs = stream.subscribe({
    log: true,
    service: 'x',
    ready: () => {
      calls += 1;
    },
  });
  t.true(stream.wantsLog('x'));
  t.false(stream.wantsLog('y'));
  stream.emit({ kind: 'log', service: 'x', text: 'l' });
  stream.emit({ kind: 'log', service: 'x', text: 'm' });
  t.is(calls, 1);
  t.is(logs.take(1).length, 1);
  t.is(logs.take().length, 1);
  stream.emit(state('x'));
  t.is(calls, 2);
  t.is(quiet.take().length, 1);
});

test('U7: after close nothing is kept for the subscriber', (t) => {
  const stream = createStream();
  const one = stream.subscribe({ service: 'x', ready: () => t.fail('closed') });
  const all = stream.subscribe({ ready: () => t.fail('closed') });
  t.is(stream.subscribers, 2);
  one.close();
  one.close();
  all.close();
  stream.emit(state('x'));
  t.is(stream.subscribers, 0);
  t.deepEqual(one.take(), []);
});
