import test from 'ava';
import { formatFinding } from '../../../broker/service/index.js';
import { DescriptionFiles } from '../../support/description-files.js';

const texts = (files: DescriptionFiles, name: string): string[] => files.findings(name).map(formatFinding);

test('N1 N2 service names follow the documentation', (t) => {
  const files = new DescriptionFiles({
    '/d/a.b-c_1': '',
    '/d/é': '',
    '/d/t': 'depends-on = a b',
    '/d/sub/x': '',
  });
  t.true(files.loader.load('a.b-c_1').ok);
  t.true(files.loader.load('é').ok);
  t.true(files.loader.load('a.b-c_1@any thing/@..').ok);
  for (const bad of ['', '.a', '@x', 'a b', 'sub/x', '../d/é', 'a\0', 'x'.repeat(1022)]) {
    const result = files.loader.load(bad);
    t.true(!result.ok && result.findings[0]?.kind === 'not-found', bad);
  }
  t.deepEqual(texts(files, 't'), [`/d/t:1:14: 'a b' is not a service name: " " is not allowed in it`]);
});

test('N3 each argument is a service of its own, read from the same file', (t) => {
  const files = new DescriptionFiles({
    '/d/tty': 'type = process\ncommand = getty $1\ndepends-on = ${1:-x}',
    '/d/one': '',
  });
  t.deepEqual(files.description('tty@one').command, ['getty', 'one']);
  t.false(files.loader.load('tty@two').ok);
  t.is(files.engine.graph.size, 2);
});

test('L1 a service is loaded with all that it depends on, and once', (t) => {
  const files = new DescriptionFiles({
    '/d/a': 'depends-on = b\nwaits-for = c',
    '/d/b': 'depends-ms = c',
    '/d/c': '',
  });
  const first = files.loader.load('a');
  t.true(first.ok);
  t.is(files.engine.graph.size, 3);
  const again = files.loader.load('a');
  t.true(first.ok && again.ok && first.record === again.record);
  const questions = files.questions;
  t.true(files.loader.load('c').ok);
  t.is(files.questions, questions);
});

test('L2 loading is all or nothing', (t) => {
  const files = new DescriptionFiles({
    '/d/a': 'depends-on = b\ndepends-on = c',
    '/d/b': '',
    '/d/c': 'typ = x',
  });
  t.false(files.loader.load('a').ok);
  t.is(files.engine.graph.size, 0);
  files.files.set('/d/c', '');
  t.true(files.loader.load('a').ok);
  t.is(files.engine.graph.size, 3);
});

test('L3 a missing dependency is an error at the line that names it; every error is found', (t) => {
  const files = new DescriptionFiles({
    '/d/a': '\ndepends-on = nope\nwaits-for = b',
    '/d/b': 'x = 1\nrestart = 7',
    '/d/u': 'UNREADABLE',
  });
  t.deepEqual(texts(files, 'a'), [
    "/d/a:2:14: there is no service 'nope'",
    "/d/b:1:1: unknown setting 'x'",
    "/d/b:2:11: 'restart' must be yes, no or on-failure",
  ]);
  t.deepEqual(texts(files, 'none'), ["none: there is no service 'none'"]);
  t.deepEqual(texts(files, 'u'), ["u: the description of 'u' cannot be read: permission denied"]);
});

test('L4 a cycle is named as the cycle, at the line that closes it', (t) => {
  const files = new DescriptionFiles({
    '/d/x': 'depends-on = a',
    '/d/a': 'depends-on = b',
    '/d/b': 'waits-for = c',
    '/d/c': '\ndepends-ms = a',
    '/d/self': 'depends-on = self',
  });
  t.deepEqual(texts(files, 'x'), ['/d/c:2:14: dependencies form a cycle: a → b → c → a']);
  t.deepEqual(texts(files, 'self'), ['/d/self:1:14: dependencies form a cycle: self → self']);
  t.is(files.engine.graph.size, 0);
});

test('L5 .d directories: sorted entries, hidden ones left out, unknown ones and a missing directory only warn', (t) => {
  const files = new DescriptionFiles({
    '/d/a': 'waits-for.d = w\ndepends-on.d: none',
    '/d/w/c': 'ignored',
    '/d/w/b': '',
    '/d/w/.hidden': '',
    '/d/w/gone': '',
    '/d/b': '',
    '/d/c': '',
  });
  t.deepEqual(texts(files, 'a'), [
    "/d/a:1:15: warning: there is no service 'gone'",
    '/d/a:2:15: warning: directory /d/none cannot be read: it does not exist',
  ]);
  t.deepEqual(
    files.description('a').dependencies.map((dependency) => `${dependency.kind} ${dependency.name}`),
    ['waits-for b', 'waits-for c'],
  );
});

test('L6 check reads everything behind the names, loads nothing, and returns all that is wrong', (t) => {
  const files = new DescriptionFiles({
    '/d/a': 'depends-on = b',
    '/d/b': 'depends-on = a',
    '/d/c': 'type = process',
  });
  t.deepEqual(files.loader.check(['a', 'c', 'nope']).map(formatFinding), [
    '/d/b:1:14: dependencies form a cycle: a → b → a',
    "/d/c:1:8: a service of type process needs a 'command'",
    "nope: there is no service 'nope'",
  ]);
  t.is(files.engine.graph.size, 0);
});

function chain(length: number): Record<string, string> {
  const files: Record<string, string> = { [`/d/s${length - 1}`]: '' };
  for (let index = 0; index < length - 1; index++) files[`/d/s${index}`] = `depends-on = s${index + 1}`;
  return files;
}

test('L7 loading asks for each file once, however deep or wide the graph', (t) => {
  for (const length of [1000, 10_000]) {
    const files = new DescriptionFiles(chain(length));
    t.true(files.loader.load('s0').ok);
    t.is(files.questions, length);
  }
  // Layers in which everything depends on everything of the next: many edges, few files.
  const layers: Record<string, string> = {};
  for (let layer = 0; layer < 20; layer++) {
    for (let index = 0; index < 20; index++) {
      const next =
        layer === 19 ? [] : Array.from({ length: 20 }, (_, other) => `depends-on = n${layer + 1}-${other}`);
      layers[`/d/n${layer}-${index}`] = next.join('\n');
    }
  }
  const files = new DescriptionFiles(layers);
  t.true(files.loader.load('n0-0').ok);
  t.is(files.questions, 381);
});

test('L7 a cycle of 10,000 services is found, and its message stays short', (t) => {
  const files = new DescriptionFiles({ ...chain(10_000), '/d/s9999': 'depends-on = s0' });
  const [finding] = files.findings('s0');
  t.is(finding?.kind, 'cycle');
  t.true((finding?.message.length ?? 0) < 1000);
});
