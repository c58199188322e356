/** Questions that take a part of a turn: one for each turn, and accounts in turn. */
import test from 'ava';
import { Turnstile } from '../../../broker/control/turnstile.js';
import { turns } from '../../support/eventually.js';
import { ManualTime } from '../../support/manual-time.js';

test('one comes in for each turn, and who asks much waits for himself', async (t) => {
  const time = new ManualTime();
  const turnstile = new Turnstile(time);
  const inside: string[] = [];
  const ask = (account: number, name: string): void => {
    void turnstile.enter(account).then(() => inside.push(name));
  };
  for (const name of ['a1', 'a2', 'a3']) ask(1, name);
  ask(2, 'b1');
  const perTurn: string[][] = [];
  for (let turn = 0; turn < 5; turn += 1) {
    await turns(1);
    perTurn.push(inside.splice(0));
    time.advance(1);
  }
  // A turn of this time lets in one after the other, because timers of 0 ms are due at once; so only the order is told.
  t.deepEqual(perTurn[0], ['a1'], 'who comes first does not wait');
  t.deepEqual(perTurn.flat(), ['a1', 'a2', 'b1', 'a3']);
  t.is(time.armed, 0, 'nothing waits where nobody does');
  ask(1, 'late');
  await turns(1);
  t.deepEqual(inside, ['late']);
  ask(1, 'never');
  turnstile.close();
  time.advance(1);
  await turns(1);
  t.deepEqual(inside, ['late']);
  t.is(time.armed, 0);
});
