/** The soak as a command. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import test from 'ava';

const program = fileURLToPath(new URL('./soak/main.js', import.meta.url));

test('the soak refuses what makes no sense with exit status 2', (t) => {
  for (const args of [['--minutes', '0'], ['--minutes', 'many'], ['--nothing']]) {
    const { status, stderr } = spawnSync(process.execPath, [program, ...args], { encoding: 'utf8' });
    t.is(status, 2, args.join(' '));
    t.not(stderr, '');
  }
});

test('the soak prints an object for each round, and leaves nothing', (t) => {
  const args = [program, '--minutes', '0.02', '--peers', '3', '--seed', '5', '--json'];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 90_000 });
  t.is(status, 0, stderr);
  const [first = '{}'] = stdout.split('\n');
  t.like(JSON.parse(first), { round: 1, seed: 5, violations: 0 });
});
