/** The codecs that are timed encode and decode what they say. */
import test from 'ava';
import { codecs, statusBytes } from '../../bench/codecs/control-codec.js';

for (const codec of codecs) {
  test(`${codec.name}: what was encoded is decoded`, (t) => {
    const decoded = JSON.parse(JSON.stringify(codec.decode(codec.encode())));
    t.like(decoded, JSON.parse(JSON.stringify(codec.message)));
  });
}

test('a status takes less room in protobuf than in JSON', (t) => {
  const [protobuf, json] = codecs.filter((codec) => codec.name.startsWith('status answer'));
  t.true((protobuf?.encode().length ?? 0) < (json?.encode().length ?? 0));
  t.true(statusBytes() > 0);
});
