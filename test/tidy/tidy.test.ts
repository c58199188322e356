/** What `docs/contributing.md` says about files, held against the files. */
import test from 'ava';
import { sourceFiles } from '../support/source-tree.js';

const fileLinesMax = 800;

interface Ban {
  readonly pattern: RegExp;
  readonly replacement: string;
  /** Where it is banned, by prefix. */
  readonly below: readonly string[];
  /** The places that are the replacement. */
  readonly except: readonly string[];
}

const everywhere = ['broker/', 'transports/', 'clients/', 'bench/', 'test/'];
const product = ['broker/', 'transports/'];

const bans: readonly Ban[] = [
  {
    pattern: /\bDate\.now\(/,
    replacement: 'Time.wallMs() (broker/contract/platform.ts)',
    below: product,
    except: ['broker/native/time.ts'],
  },
  {
    pattern: /\bMath\.random\(/,
    replacement: 'a seeded generator handed in (test/support/prng.ts), or crypto.randomBytes for secrets',
    below: everywhere,
    except: [],
  },
  {
    pattern: /\bset(Timeout|Interval)\(/,
    replacement: 'Time.createTimer() (broker/contract/platform.ts)',
    below: product,
    except: ['broker/native/time.ts'],
  },
  {
    pattern: /node:child_process/,
    replacement: 'a request to init (broker/supervisor/)',
    below: product,
    // A build script, which runs no broker.
    except: ['broker/contract/generate.mjs'],
  },
  { pattern: /\bnode:net\b/, replacement: 'the packet layer (broker/native/)', below: product, except: [] },
  {
    pattern: /:\s*any\s*([,;)=\]}|&]|$)|\bas any\b|<any>|\bany\[\]/,
    replacement: 'a type, or unknown',
    below: everywhere,
    except: [],
  },
  {
    pattern: /@ts-(ignore|nocheck|expect-error)|biome-ignore/,
    replacement: 'code that passes the checks',
    below: everywhere,
    except: [],
  },
  {
    pattern: /\btest\.(only|skip|todo|failing)\b/,
    replacement: 't.log with the reason',
    below: ['test/'],
    except: [],
  },
  {
    pattern: /\b(FIX|TO)(ME|DO)\b|\bXXX\b/,
    replacement: 'the finished thing, or an issue',
    below: everywhere,
    except: [],
  },
  {
    pattern: /\bp?kill(all)?\b\s+-?\w*\s*(node|capstan)/,
    replacement: 'a pidfd or pid of your own child',
    below: everywhere,
    except: [],
  },
];

const self = 'test/tidy/tidy.test.ts';
const sources = sourceFiles(
  ['broker', 'transports', 'clients', 'bench', 'test'],
  ['.ts', '.c', '.h', '.mjs'],
);

test(`no file has more than ${fileLinesMax} lines`, (t) => {
  const long = sources
    .map((file) => ({ path: file.path, lines: file.text.split('\n').length - 1 }))
    .filter((file) => file.lines > fileLinesMax)
    .map((file) => `${file.path}: ${file.lines}`);
  t.deepEqual(long, []);
});

for (const ban of bans) {
  test(`${ban.pattern.source} is not used; instead: ${ban.replacement}`, (t) => {
    const faults: string[] = [];
    for (const file of sources) {
      if (file.path === self || ban.except.includes(file.path)) continue;
      if (!ban.below.some((prefix) => file.path.startsWith(prefix))) continue;
      file.text.split('\n').forEach((line, at) => {
        if (ban.pattern.test(line)) faults.push(`${file.path}:${at + 1}: ${line.trim()}`);
      });
    }
    t.deepEqual(faults, []);
  });
}

test('a source file begins with what it is', (t) => {
  const bare = sources
    .filter((file) => !file.path.startsWith('test/') || !file.path.endsWith('.test.ts'))
    .filter((file) => !/^(#![^\n]*\n)?\s*(\/\*|\/\/|#|'use)/.test(file.text))
    .map((file) => file.path);
  t.deepEqual(bare, []);
});

test('nothing names a path of a particular machine or a registry host', (t) => {
  const everything = sourceFiles(
    ['broker', 'transports', 'clients', 'bench', 'test', 'docs', 'examples', '.ci'],
    ['.ts', '.c', '.h', '.mjs', '.md', '.json', '.sh', 'run'],
  );
  const pattern = /\/(home|Users|work)\/[a-z]|\/root\/|registry\.npmjs|https?:\/\/[^/\s]*registry/;
  t.deepEqual(
    everything.filter((file) => file.path !== self && pattern.test(file.text)).map((file) => file.path),
    [],
  );
});
