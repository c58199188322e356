/** How a crowd of peers is divided among users, so that one server takes all of them (W9). */
import test from 'ava';
import { divideAmongUsers } from '../../bench/peers/many.js';
import { ConnectionShares } from '../../broker/contract/connection-shares.js';
import { limits } from '../../broker/contract/index.js';

test('bus Q6: a server takes ten thousand peers of several users, each within its share', (t) => {
  for (const perUserMax of [limits.peersMax, 4_000]) {
    const counts = divideAmongUsers(10_000, perUserMax);
    t.is(
      counts.reduce((sum, count) => sum + count, 0),
      10_000,
    );
    t.true(counts.every((count) => count >= 1 && count <= perUserMax));
    const shares = new ConnectionShares(limits.peersMax);
    for (const [user, count] of counts.entries()) {
      for (let at = 0; at < count; at++) t.true(shares.enter(user));
    }
  }
});

test('the first of a crowd are the same users when it grows, and more than there is room for is refused', (t) => {
  const some = divideAmongUsers(1_000, 400);
  t.deepEqual(divideAmongUsers(10_000, 400).slice(0, some.length - 1), some.slice(0, -1));
  t.deepEqual(divideAmongUsers(1), [1]);
  t.throws(() => divideAmongUsers(limits.peersMax + 1), { message: /no room/ });
});
