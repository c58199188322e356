/**
 * What is timed of the control objects' encoding: the messages that a control plane sends most, in protobuf (static code) and, for scale, in
 * JSON. Functions without I/O only; anything with a peer belongs to the harness.
 */
import { capstan } from '../../broker/contract/generated/control.js';

const { Request, Response, ServiceStatus } = capstan.control;

export interface Codec {
  readonly name: string;
  readonly encode: () => Uint8Array;
  /** Decodes what `encode` gave; the result is compared in the tests. */
  readonly decode: (bytes: Uint8Array) => unknown;
  /** The message itself. */
  readonly message: unknown;
}

const status = {
  name: 'web-server',
  state: 2,
  desired: 2,
  pid: 4711,
  sinceWallMs: 1_790_000_000_000,
  type: 1,
  isExplicit: true,
  waitsFor: [],
  file: '/etc/capstan.d/web-server',
};

const list = { services: Array.from({ length: 100 }, (_, at) => ({ ...status, name: `service-${at}` })) };

const encoder = new TextEncoder();
const decoder = new TextDecoder();

function json(name: string, message: unknown): Codec {
  return {
    name: `${name}, JSON`,
    message,
    encode: () => encoder.encode(JSON.stringify(message)),
    decode: (bytes) => JSON.parse(decoder.decode(bytes)),
  };
}

export const codecs: readonly Codec[] = [
  {
    name: 'status request, protobuf',
    message: { deadlineMs: 1000, status: {} },
    encode: () => Request.encode({ deadlineMs: 1000, status: {} }).finish(),
    decode: (bytes) => Request.decode(bytes),
  },
  json('status request', { deadlineMs: 1000, status: {} }),
  {
    name: 'status answer, protobuf',
    message: { status },
    encode: () => Response.encode({ status }).finish(),
    decode: (bytes) => Response.decode(bytes),
  },
  json('status answer', { status }),
  {
    name: 'list of 100, protobuf',
    message: { list },
    encode: () => Response.encode({ list }).finish(),
    decode: (bytes) => Response.decode(bytes),
  },
  json('list of 100', { list }),
];

/** Bytes of one service's status, which bounds how many services one message of a list can hold. */
export function statusBytes(): number {
  return ServiceStatus.encode(status).finish().length;
}
