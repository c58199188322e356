/**
 * Times the codecs with benny: how long one encoding and one decoding takes, each the median of a few samples of several milliseconds.
 * protobuf and JSON of one message are timed one after the other, so that what disturbs the machine meets both.
 */
import benny from 'benny';
import type { ControlCodec } from './control-codec.js';
import type { FrameCodec } from './frame-codec.js';

/** In seconds; the last three as benny has them. */
export interface Effort {
  /** How long each case runs before the first of them is timed: all of them are compiled then, and what they share has seen them all. */
  readonly warmUp: number;
  readonly minTime: number;
  readonly maxTime: number;
  readonly minSamples: number;
}

/** Some 340 cases, each of about 100 ms: well under a minute where nothing else runs. */
export const usualEffort: Effort = { warmUp: 0.01, minTime: 0.005, maxTime: 0.03, minSamples: 5 };
/** That it works. */
export const smokeEffort: Effort = { warmUp: 0, minTime: 0.0005, maxTime: 0.001, minSamples: 1 };

/** One encoding; times in nanoseconds. */
interface Cost {
  readonly bytes: number;
  readonly encode_ns: number;
  readonly decode_ns: number;
}

export interface MessageLine {
  readonly kind: 'message';
  readonly envelope: string;
  readonly name: string;
  readonly protobuf: Cost;
  readonly json: Cost;
  /** JSON's time or length over protobuf's: above 1, protobuf is the better. */
  readonly bytes_ratio: number;
  readonly encode_ratio: number;
  readonly decode_ratio: number;
}

export interface FrameLine extends Cost {
  readonly kind: 'frame';
  readonly transport: string;
  readonly name: string;
}

export type CodecLine = MessageLine | FrameLine;

interface Case {
  readonly name: string;
  readonly run: () => unknown;
}

function messageCases(codec: ControlCodec): Case[] {
  const name = `${codec.envelope} ${codec.kind}`;
  return (['protobuf', 'json'] as const).flatMap((form) => {
    const { [form]: one } = codec;
    const bytes = one.encode();
    return [
      { name: `${name}, ${form}: encode`, run: () => one.encode() },
      { name: `${name}, ${form}: decode`, run: () => one.decode(bytes) },
    ];
  });
}

/** Frames share their transport's arena, so a frame is written there again before it is read. */
function frameCases(codec: FrameCodec): Case[] {
  const name = `${codec.transport} ${codec.name}`;
  let length = 0;
  const decode = (): unknown => codec.decode(length);
  return [
    {
      name: `${name}: encode`,
      run: () => {
        length = codec.encode();
        return length;
      },
    },
    { name: `${name}: decode`, run: decode },
  ];
}

function rounded(value: number): number {
  return Number(value.toPrecision(3));
}

/** Nanoseconds of each case, in their order. */
async function timed(title: string, cases: readonly Case[], effort: Effort): Promise<number[]> {
  const { minTime, maxTime, minSamples } = effort;
  const summary = await benny.suite(
    title,
    ...cases.map(({ name, run }) => benny.add(name, run, { minTime, maxTime, minSamples, delay: 0 })),
  );
  return summary.results.map(({ details }) => rounded(details.median * 1e9));
}

function warmUp(cases: readonly Case[], seconds: number): void {
  for (const { run } of cases) {
    const end = performance.now() + seconds * 1000;
    do run();
    while (performance.now() < end);
  }
}

/** Called with what has been timed, of how many. */
type Progress = (done: number, all: number) => void;

async function messageLine(codec: ControlCodec, effort: Effort): Promise<MessageLine> {
  const name = `${codec.envelope} ${codec.kind}`;
  const times = await timed(name, messageCases(codec), effort);
  const [encode = 0, decode = 0, jsonEncode = 0, jsonDecode = 0] = times;
  const bytes = codec.protobuf.encode().length;
  const jsonBytes = codec.json.encode().length;
  return {
    kind: 'message',
    envelope: codec.envelope,
    name: codec.kind,
    protobuf: { bytes, encode_ns: encode, decode_ns: decode },
    json: { bytes: jsonBytes, encode_ns: jsonEncode, decode_ns: jsonDecode },
    bytes_ratio: rounded(jsonBytes / Math.max(bytes, 1)),
    encode_ratio: rounded(jsonEncode / encode),
    decode_ratio: rounded(jsonDecode / decode),
  };
}

async function frameLine(codec: FrameCodec, effort: Effort): Promise<FrameLine> {
  const { transport, name } = codec;
  const [encode = 0, decode = 0] = await timed(`${transport} ${name}`, frameCases(codec), effort);
  return { kind: 'frame', transport, name, bytes: codec.encode(), encode_ns: encode, decode_ns: decode };
}

/** A line for each message and each frame. benny announces each of them with `console.log`. */
export async function timeCodecs(
  messages: readonly ControlCodec[],
  frames: readonly FrameCodec[],
  effort: Effort,
  progress: Progress,
): Promise<CodecLine[]> {
  const lines: CodecLine[] = [];
  const all = messages.length + frames.length;
  for (const codec of messages) warmUp(messageCases(codec), effort.warmUp);
  for (const codec of frames) warmUp(frameCases(codec), effort.warmUp);
  for (const codec of messages) {
    lines.push(await messageLine(codec, effort));
    progress(lines.length, all);
  }
  for (const codec of frames) {
    lines.push(await frameLine(codec, effort));
    progress(lines.length, all);
  }
  return lines;
}
