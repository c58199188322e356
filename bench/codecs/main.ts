/**
 * The codecs' times as a program: `npm run -s bench:codecs`. Progress goes to standard error, results to standard output.
 * Exit status: 0 done, 1 a codec failed, 2 wrong usage, also where `--only` names nothing that there is.
 */
import Table from 'cli-table3';
import { Command } from 'commander';
import { controlCodecs } from './control-codec.js';
import { frameCodecs } from './frames.js';
import {
  type CodecLine,
  type FrameLine,
  type MessageLine,
  smokeEffort,
  timeCodecs,
  usualEffort,
} from './timing.js';

interface Arguments {
  readonly smoke?: boolean;
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly only?: string;
}

function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  const built = new Table({
    head: [...head],
    colAligns: head.map((_, at) => (at === 0 ? 'left' : 'right')),
    style: { head: [], border: [], compact: true },
  });
  for (const row of rows) built.push(row.map(String));
  return built.toString();
}

function messageRow(line: MessageLine): (string | number)[] {
  const { protobuf, json } = line;
  return [
    `${line.envelope} ${line.name}`,
    ...[protobuf.bytes, json.bytes, line.bytes_ratio],
    ...[protobuf.encode_ns, json.encode_ns, line.encode_ratio],
    ...[protobuf.decode_ns, json.decode_ns, line.decode_ratio],
  ];
}

function frameRow(line: FrameLine): (string | number)[] {
  return [`${line.transport} ${line.name}`, line.bytes, line.encode_ns, line.decode_ns];
}

function write(text: string): void {
  process.stdout.write(`${text}\n`);
}

function printTables(lines: readonly CodecLine[], isSmoke: boolean): void {
  const messages = lines.filter((line) => line.kind === 'message');
  const frames = lines.filter((line) => line.kind === 'frame');
  if (isSmoke) write('\nA smoke run: it shows that everything works; its times are worth nothing.');
  if (messages.length > 0) {
    write('\nMessages of the control objects: bytes, and nanoseconds for one; ×: JSON over protobuf');
    const triple = (what: string): string[] => [`${what} protobuf`, 'JSON', '×'];
    write(
      table(
        ['message', ...triple('bytes'), ...triple('encode'), ...triple('decode')],
        messages.map(messageRow),
      ),
    );
  }
  if (frames.length > 0) {
    write('\nFrames of the transports without payload: bytes, and nanoseconds for one');
    write(table(['frame', 'bytes', 'encode', 'decode'], frames.map(frameRow)));
  }
}

/** Says that nothing has such a name, and what there is. */
function tellUnknown({ only = '', json }: Arguments): void {
  const known = [
    ...new Set(controlCodecs.map(({ envelope }) => envelope)),
    ...new Set(frameCodecs.map(({ transport }) => transport)),
  ];
  const message = `no message or frame has '${only}' in its name`;
  const advice = `there are ${known.join(', ')}, each with more behind it, such as "bus Call"; without --only the table has all`;
  process.stderr.write(
    json === true
      ? `${JSON.stringify({ error: 'usage', message, advice })}\n`
      : `bench:codecs: ${message}\n  ${advice}\n`,
  );
  process.exitCode = 2;
}

async function main(given: Arguments): Promise<void> {
  // benny announces each suite there, and standard output is for results.
  console.log = () => undefined;
  const wanted = given.only?.toLowerCase() ?? '';
  const messages = controlCodecs.filter(({ envelope, kind }) =>
    `${envelope} ${kind}`.toLowerCase().includes(wanted),
  );
  const frames = frameCodecs.filter(({ transport, name }) =>
    `${transport} ${name}`.toLowerCase().includes(wanted),
  );
  if (messages.length + frames.length === 0) {
    tellUnknown(given);
    return;
  }
  const progress = (done: number, all: number): void => {
    if (given.quiet === true || (done % 20 !== 0 && done !== all)) return;
    process.stderr.write(`${done} of ${all} messages and frames\n`);
  };
  const effort = given.smoke === true ? smokeEffort : usualEffort;
  const lines = await timeCodecs(messages, frames, effort, progress);
  if (given.json === true) for (const line of lines) write(JSON.stringify(line));
  else printTables(lines, given.smoke === true);
}

const program = new Command('bench:codecs')
  .description(
    "time the encoding and decoding of the control objects' messages and of the transports' frames",
  )
  .option('--json', 'one object a message or frame, one a line')
  .option('--only <text>', 'those whose name contains this, as in the table: Events, "bus Call"')
  .option('--smoke', 'that it works: the times are worth nothing')
  .option('--quiet', 'no progress')
  .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : 2))
  .action(main);

try {
  await program.parseAsync();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
