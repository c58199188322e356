/** The codecs that are timed: there is one for everything, and it encodes and decodes what it says. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import protobuf from 'protobufjs';
import { controlCodecs } from '../../bench/codecs/control-codec.js';
import { frameCodecs } from '../../bench/codecs/frames.js';
import type { CodecLine } from '../../bench/codecs/timing.js';
import { FrameKind as BusKind } from '../../transports/bus/wire.js';
import { FrameKind as DatagramKind } from '../../transports/datagram/wire.js';
import { FrameKind as SocketsKind } from '../../transports/sockets/wire.js';
import { projectRoot } from '../support/source-tree.js';

/** The schema itself, not the code that was generated from it. */
const schema = protobuf
  .parse(readFileSync(join(projectRoot, 'broker/contract/control.proto'), 'utf8'))
  .root.resolveAll()
  .lookup('capstan.control');

function typesIn(object: protobuf.ReflectionObject | null): protobuf.Type[] {
  if (!(object instanceof protobuf.Namespace)) return [];
  const own = object instanceof protobuf.Type ? [object] : [];
  return [...own, ...object.nestedArray.flatMap(typesIn)];
}

const types = typesIn(schema);

function typeOf(name: string): protobuf.Type {
  const found = types.find((type) => type.name === name);
  if (found === undefined) throw new Error(`${name} is not in the schema`);
  return found;
}

function kindsOf(envelope: string): Set<string> {
  return new Set(controlCodecs.filter((codec) => codec.envelope === envelope).map(({ kind }) => kind));
}

for (const [envelope, choice] of [
  ['Request', 'method'],
  ['Response', 'result'],
] as const) {
  test(`every ${choice} of the schema is timed`, (t) => {
    const members = typeOf(envelope).oneofs[choice]?.oneof ?? [];
    t.true(members.length > 10);
    t.deepEqual(
      members.filter((name) => !kindsOf(envelope).has(name)),
      [],
      'add a sample to bench/codecs/control-samples.ts',
    );
  });
}

for (const [envelope, kinds] of [
  ['Events', 'EventKind'],
  ['Passed', 'PassedKind'],
] as const) {
  test(`every ${kinds} of the schema is timed`, (t) => {
    const names = Object.keys((schema as protobuf.Namespace).lookupEnum(kinds).values);
    t.deepEqual([...kindsOf(envelope)].sort(), names.sort());
  });
}

/** The fields of every message inside, as TYPE.FIELD. */
function fieldsIn(type: protobuf.Type, message: object, seen: Set<string>): void {
  for (const [name, value] of Object.entries(message)) {
    const field = type.fields[name];
    if (field === undefined) throw new Error(`${type.name} has no ${name}`);
    seen.add(`${type.fullName}.${name}`);
    if (!(field.resolvedType instanceof protobuf.Type)) continue;
    for (const inner of Array.isArray(value) ? value : [value]) fieldsIn(field.resolvedType, inner, seen);
  }
}

test('every field of every message of the schema has a value in some sample', (t) => {
  const seen = new Set<string>();
  for (const { envelope, message } of controlCodecs) fieldsIn(typeOf(envelope), message, seen);
  const all = types.flatMap((type) => type.fieldsArray.map((field) => `${type.fullName}.${field.name}`));
  t.true(all.length > 200, String(all.length));
  t.deepEqual(
    all.filter((name) => !seen.has(name)),
    [],
    'add it to bench/codecs/control-samples.ts',
  );
});

/** Where a decoded message does not say what it should; one that was not sent has its field's default. */
function differences(decoded: unknown, wanted: unknown, path = ''): string[] {
  if (wanted instanceof Uint8Array) {
    return decoded instanceof Uint8Array && Buffer.compare(decoded, wanted) === 0 ? [] : [path];
  }
  if (typeof wanted !== 'object' || wanted === null) return decoded === wanted ? [] : [path];
  if (typeof decoded !== 'object' || decoded === null) return [path];
  return Object.entries(wanted).flatMap(([name, value]) =>
    differences(Reflect.get(decoded, name), value, `${path}.${name}`),
  );
}

for (const { envelope, kind, message, protobuf: binary, json } of controlCodecs) {
  test(`${envelope} ${kind}: what was encoded is decoded`, (t) => {
    t.deepEqual(json.decode(json.encode()), message);
    t.deepEqual(differences(binary.decode(binary.encode()), message), []);
    // By the schema, too, without the generated code.
    const decoded = typeOf(envelope).decode(binary.encode());
    t.deepEqual(
      Buffer.from(typeOf(envelope).encode(decoded).finish()).toString('hex'),
      Buffer.from(binary.encode()).toString('hex'),
    );
    t.true(binary.encode().length < json.encode().length);
  });
}

for (const { transport, kinds, kindAt } of [
  { transport: 'sockets', kinds: SocketsKind, kindAt: 4 },
  { transport: 'datagram', kinds: DatagramKind, kindAt: 2 },
  { transport: 'bus', kinds: BusKind, kindAt: 4 },
] as const) {
  test(`every kind of frame of ${transport} is timed, under its name`, (t) => {
    const seen = new Set<string>();
    for (const codec of frameCodecs.filter((frame) => frame.transport === transport)) {
      codec.encode();
      const name = codec.name.split(',')[0] ?? '';
      t.is(Object.entries(kinds).find(([, kind]) => kind === codec.arena[kindAt])?.[0], name, codec.name);
      seen.add(name);
    }
    t.deepEqual([...seen].sort(), Object.keys(kinds).sort());
  });
}

for (const { transport, name, arena, fields, encode, decode } of frameCodecs) {
  test(`${transport} ${name}: the frame says what was written, over memory that was used before`, (t) => {
    arena.fill(0xa5, 0, 1024);
    const first = encode();
    t.deepEqual([...decode(first)], [...fields]);
    // Again, because what is timed is the ten-thousandth time.
    t.is(encode(), first);
    t.deepEqual([...decode(first)], [...fields]);
    t.throws(() => decode(first - 4));
  });
}

test('npm run bench:codecs prints a line for each message and each frame', (t) => {
  const main = join(projectRoot, 'build/bench/codecs/main.js');
  const text = execFileSync(process.execPath, [main, '--smoke', '--json', '--quiet'], { encoding: 'utf8' });
  const lines = text
    .trimEnd()
    .split('\n')
    .map((line): CodecLine => JSON.parse(line));
  t.is(lines.length, controlCodecs.length + frameCodecs.length);
  for (const line of lines) {
    const costs = line.kind === 'message' ? [line.protobuf, line.json] : [line];
    for (const { bytes, encode_ns, decode_ns } of costs) t.true(bytes > 0 && encode_ns > 0 && decode_ns > 0);
  }
});

test('the tables have messages and frames, those that were asked for', (t) => {
  const main = join(projectRoot, 'build/bench/codecs/main.js');
  const text = execFileSync(process.execPath, [main, '--smoke', '--quiet', '--only', 'call'], {
    encoding: 'utf8',
  });
  t.regex(text, /Passed PASSED_CALL/);
  t.regex(text, /bus Call/);
  t.notRegex(text, /Hello/);
  t.notRegex(text, /undefined|NaN|Running/);
});
