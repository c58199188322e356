/**
 * Several clients that work at the same time, as one client of the harness: each command is handed on to all of them, and their samples
 * and counts are put together.
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';

interface Member {
  readonly child: ChildProcessByStdio<Writable, Readable, null>;
  readonly lines: AsyncIterator<string>;
}

/** What stands for the number of the member, 0 and up, in the arguments of its command. */
export const memberMark = '{}';

function startMember(command: readonly string[], number: number): Member {
  const [program = '', ...args] = command.map((part) => part.replace(memberMark, String(number)));
  const child = spawn(program, args, {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  child.stdin.on('error', () => {});
  return { child, lines: createInterface({ input: child.stdout })[Symbol.asyncIterator]() };
}

async function nextLine({ lines }: Member): Promise<string> {
  const { done, value } = await lines.next();
  if (done === true) throw new Error('a member of the crew has ended');
  return value as string;
}

/** What is not a count and not a time spent: all members work at the same time, so of these the longest is the crew's. */
const longest: ReadonlySet<string> = new Set(['elapsed_ns']);

/** Puts answers of the form `done SAMPLES VIOLATIONS key=value …` together: sums, and of what took place side by side the longest. */
export function combineAnswers(answers: readonly string[]): string {
  let samples = 0;
  let violations = 0;
  const more = new Map<string, number>();
  for (const answer of answers) {
    const [word, ownSamples, ownViolations, ...pairs] = answer.split(' ');
    if (word !== 'done') throw new Error(`a member of the crew said "${answer}"`);
    samples += Number(ownSamples);
    violations += Number(ownViolations);
    for (const pair of pairs) {
      const [key = '', value = '0'] = pair.split('=');
      const before = more.get(key) ?? 0;
      more.set(key, longest.has(key) ? Math.max(before, Number(value)) : before + Number(value));
    }
  }
  return ['done', samples, violations, ...[...more].map(([key, value]) => `${key}=${value}`)].join(' ');
}

/** Starts `count` clients, one after the other, and serves commands until end-of-file; then they end, too. */
export async function runCrew(count: number, command: readonly string[]): Promise<void> {
  const members: Member[] = [];
  try {
    const pids: string[] = [];
    for (let number = 0; number < count; number++) {
      const member = startMember(command, number);
      members.push(member);
      const ready = await nextLine(member);
      if (!ready.startsWith('ready'))
        throw new Error(`a member of the crew said "${ready}" instead of ready`);
      pids.push(...ready.split(' ').filter((part) => /^\d+$/.test(part)));
    }
    console.log(['ready', process.pid, ...pids, 'crew'].join(' '));
    for await (const line of createInterface({ input: process.stdin })) {
      const [word, milliseconds, file = '', ...more] = line.split(' ');
      if (word !== 'run') throw new Error(`a crew cannot do this: ${line}`);
      const files = members.map((_, number) => `${file}.${number}`);
      for (const [number, { child }] of members.entries()) {
        child.stdin.write(`${['run', milliseconds, files[number], ...more].join(' ')}\n`);
      }
      const answers = await Promise.all(members.map(nextLine));
      writeFileSync(file, Buffer.concat(files.map((part) => readFileSync(part))));
      for (const part of files) rmSync(part, { force: true });
      console.log(combineAnswers(answers));
    }
  } finally {
    for (const { child } of members) child.stdin.end();
  }
  await Promise.all(
    members.map(
      ({ child }) =>
        new Promise((resolve) => (child.exitCode === null ? child.once('close', resolve) : resolve(0))),
    ),
  );
}
