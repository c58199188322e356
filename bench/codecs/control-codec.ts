/**
 * The samples of the control objects' messages with their codecs: protobuf as both ends use it (static code), and for scale the same
 * message as JSON. Functions without I/O only; anything with a peer belongs to the harness.
 *
 * JSON has no bytes, so a message that holds some has them in base64 there, and pays for that.
 */
import { Events, Passed, Request, Response } from '../../broker/contract/control.js';
import { type ControlSample, controlSamples, type Envelope } from './control-samples.js';

export interface Codec {
  encode(): Uint8Array;
  /** Decodes what `encode` gave; the result is compared in the tests. */
  decode(bytes: Uint8Array): unknown;
}

export interface ControlCodec extends ControlSample {
  readonly protobuf: Codec;
  readonly json: Codec;
}

interface Static {
  encode(message: object): { finish(): Uint8Array };
  decode(bytes: Uint8Array): unknown;
}

const statics: Readonly<Record<Envelope, Static>> = { Request, Response, Events, Passed };
const encoder = new TextEncoder();
const decoder = new TextDecoder();

function toText(_key: string, value: unknown): unknown {
  return value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value;
}

function fromText(key: string, value: unknown): unknown {
  return key === 'payload' ? Uint8Array.from(Buffer.from(String(value), 'base64')) : value;
}

function hasBytes(value: unknown): boolean {
  if (value instanceof Uint8Array) return true;
  return typeof value === 'object' && value !== null && Object.values(value).some(hasBytes);
}

function jsonOf(message: object): Codec {
  if (hasBytes(message)) {
    return {
      encode: () => encoder.encode(JSON.stringify(message, toText)),
      decode: (bytes) => JSON.parse(decoder.decode(bytes), fromText),
    };
  }
  return {
    encode: () => encoder.encode(JSON.stringify(message)),
    decode: (bytes) => JSON.parse(decoder.decode(bytes)),
  };
}

function protobufOf({ envelope, message }: ControlSample): Codec {
  const type = statics[envelope];
  return { encode: () => type.encode(message).finish(), decode: (bytes) => type.decode(bytes) };
}

export const controlCodecs: readonly ControlCodec[] = controlSamples.map((sample) => ({
  ...sample,
  protobuf: protobufOf(sample),
  json: jsonOf(sample.message),
}));
