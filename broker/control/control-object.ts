/**
 * What all control objects share: a node, its rights, and the way from a message to a method and back.
 *
 * A message is a request if it was a call. Whatever it brings and no method takes is closed: handles, descriptors, the reply. Bytes
 * that are no request are answered with `protocol`, a method that the object lacks with `unknown-method`; neither disturbs anybody
 * else, nor the next call on the same handle.
 *
 * Every handle that is given out gets a node of its own, so that an object ends, and is counted out, when the one who asked for
 * it and everybody it was given to have let go of it. Roots are given to newcomers and stay.
 *
 * The two calls that carry nothing, `ping` and `status`, are recognised by their two bytes and answered without decoding.
 */
import { closeSync } from 'node:fs';
import { Request, Response, type ResponseShape, type Rights } from '../contract/control.js';
import {
  BrokerError,
  type CapabilityNode,
  type Delivery,
  ErrorCode,
  type Handle,
  type Message,
  type Peer,
  type Reply,
} from '../contract/index.js';
import { controlRequestBytesMax } from '../contract/limits.js';
import type { Accounts, ControlRoom } from './control-room.js';
import { errorShape } from './errors.js';
import { demand } from './rights.js';

/** Tags of `ping` and `status` in a request; an empty message follows. */
const pingTag = (2 << 3) | 2;
const statusTag = (3 << 3) | 2;

/** The size above which a list continues in the next answer: one entry more fits into a message of every transport. */
export const answerBytesMax = 40 * 1024;

const done: Message = { bytes: Response.encode({ done: {} }).finish() };

/**
 * What a method returns: the answer (encoded already, where that is cheaper), and the new object whose handle goes with it, which
 * ends if the answer cannot be sent.
 */
export type Result =
  | { readonly response: ResponseShape; readonly gives?: ControlObject }
  | { readonly bytes: Uint8Array };

/** The answer of a method that has nothing to say. */
export const doneResult: Result = { response: { done: {} } };

/** A request, who made it, and what came with it. A method that keeps a handle takes it out of the array; the rest are closed. */
export interface Incoming {
  readonly request: Request;
  readonly account: number;
  readonly handles: (Handle | undefined)[];
}

/** Where an object lives: the manager, and the server whose peer owns its node. */
export interface Place {
  readonly room: ControlRoom;
  readonly peer: Peer;
  /** Name of the transport. */
  readonly transport: string;
  readonly accounts: Accounts;
}

/** What people are told that an object is. */
export interface ObjectName {
  readonly label: string;
  /** The service that it stands for, or tells of. */
  readonly service?: string;
}

export abstract class ControlObject {
  readonly place: Place;
  readonly rights: Rights;
  readonly node: CapabilityNode;
  /** Name of the service that it is an object of; empty for the manager's own. */
  readonly service: string;
  readonly #account: number | undefined;

  /** With `account` undefined it is a root. Throws `over-quota`; then there is nothing. */
  constructor(place: Place, rights: Rights, account: number | undefined, name: ObjectName) {
    this.place = place;
    this.rights = rights;
    this.service = name.service ?? '';
    this.#account = account;
    if (account !== undefined) place.accounts.add(account);
    try {
      this.node = place.peer.createNode(
        {
          message: (delivery) => this.#receive(delivery),
          unused: () => {
            if (account !== undefined) this.destroy();
          },
        },
        { label: name.label, messageBytesMax: controlRequestBytesMax },
      );
    } catch (error) {
      if (account !== undefined) place.accounts.remove(account);
      throw error;
    }
    place.room.subjects.set(this.node, this);
  }

  /** The answer to `status`. */
  protected abstract statusMessage(): Message;
  /** Carries a request out. Throws `BrokerError` for what is answered as an error. */
  protected abstract perform(incoming: Incoming): Result | Promise<Result>;

  /** Ends the object: its handles are gone. Idempotent. */
  destroy(): void {
    if (this.node.isDestroyed) return;
    this.node.destroy();
    if (this.#account !== undefined) this.place.accounts.remove(this.#account);
  }

  /** Throws `permission-denied` if this object has not the right. */
  protected demand(needed: Rights, what: string): void {
    demand(this.rights, needed, what);
  }

  #receive(delivery: Delivery): void {
    const { bytes, reply } = delivery;
    const isBare = delivery.handles.length === 0 && delivery.descriptors.length === 0;
    if (isBare && reply !== undefined && bytes.length === 2 && bytes[1] === 0) {
      if (bytes[0] === pingTag) {
        answer(reply, done);
        return;
      }
      if (bytes[0] === statusTag) {
        this.#answerStatus(reply);
        return;
      }
    }
    for (const descriptor of delivery.descriptors) closeSync(descriptor);
    const handles: (Handle | undefined)[] = [...delivery.handles];
    // What is only sent has no use here: nobody would hear what became of it.
    if (reply === undefined) closeAll(handles);
    else this.#answer(bytes, delivery.sender.account, handles, reply);
  }

  #answerStatus(reply: Reply): void {
    let message: Message;
    try {
      message = this.statusMessage();
    } catch (error) {
      refuse(reply, error);
      return;
    }
    answer(reply, message);
  }

  #answer(bytes: Uint8Array, account: number, handles: (Handle | undefined)[], reply: Reply): void {
    let result: Result | Promise<Result>;
    try {
      result = this.#dispatch({ request: decode(bytes), account, handles });
    } catch (error) {
      closeAll(handles);
      refuse(reply, error);
      return;
    }
    closeAll(handles);
    if (!(result instanceof Promise)) {
      send(reply, result);
      return;
    }
    void result.then(
      (later) => send(reply, later),
      (error: unknown) => refuse(reply, error),
    );
  }

  #dispatch(incoming: Incoming): Result | Promise<Result> {
    const { method } = incoming.request;
    if (method === undefined) {
      throw new BrokerError(ErrorCode.UnknownMethod, 'the request names no method that this version knows');
    }
    if (method === 'ping') return doneResult;
    if (method === 'status') return { bytes: this.statusMessage().bytes };
    return this.perform(incoming);
  }
}

function decode(bytes: Uint8Array): Request {
  try {
    return Request.decode(bytes);
  } catch (cause) {
    throw new BrokerError(ErrorCode.Protocol, 'these bytes are not a request', { cause });
  }
}

function send(reply: Reply, result: Result): void {
  if ('bytes' in result) {
    answer(reply, result);
    return;
  }
  const { response, gives } = result;
  const handles = gives === undefined ? [] : [gives.node];
  if (!answer(reply, { bytes: Response.encode(response).finish(), handles })) gives?.destroy();
}

/** Whether it was sent. */
function answer(reply: Reply, message: Message): boolean {
  try {
    reply.send(message);
    return true;
  } catch (error) {
    // The caller has ended, or the answer cannot be sent; in the second case it hears why.
    refuse(reply, error);
    return false;
  }
}

/** Answers with an error. One without a code is a bug of ours: the caller gets `reply-lost`, and it is thrown on. */
function refuse(reply: Reply, error: unknown): void {
  const shape = errorShape(error);
  if (shape === undefined) {
    reply.close();
    throw error;
  }
  try {
    reply.send({ bytes: Response.encode({ error: shape }).finish() });
  } catch {
    reply.close();
  }
}

function closeAll(handles: readonly (Handle | undefined)[]): void {
  for (const handle of handles) handle?.close();
}
