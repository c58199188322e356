/**
 * How peers, handles and what passes are put into words and into JSON, and how the options that choose among them are read.
 */
import { readFileSync } from 'node:fs';
import type { AccountInfo, HandleInfo, PeerInfo, PeerName, Which } from '../library/introspection.js';
import type { PassedItem } from '../library/monitor.js';
import { UsageError } from './failure.js';
import type { Json, Output } from './output.js';
import { durationText, printable } from './words.js';

/** Options that choose entries; each may be given several times. */
export interface WhichFlags {
  readonly peer?: readonly string[];
  readonly uid?: readonly string[];
  readonly service?: readonly string[];
  readonly node?: readonly string[];
}

/** What the options ask for. Throws `UsageError` for a user that does not exist. */
export function whichOf(flags: WhichFlags): Which {
  const { peer = [], uid = [], service = [], node = [] } = flags;
  const isPid = (text: string): boolean => /^\d{1,9}$/.test(text);
  return {
    pids: peer.filter(isPid).map(Number),
    programs: peer.filter((text) => !isPid(text)),
    uids: uid.map(uidOf),
    services: service,
    nodes: node,
  };
}

function uidOf(text: string): number {
  if (/^\d{1,10}$/.test(text) && Number(text) < 0xffff_ffff) return Number(text);
  for (const line of passwd().split('\n')) {
    const [name, , uid = ''] = line.split(':');
    if (name === text && /^\d+$/.test(uid)) return Number(uid);
  }
  throw new UsageError(`there is no user '${text}': use a name of /etc/passwd or a uid`);
}

function passwd(): string {
  try {
    return readFileSync('/etc/passwd', 'utf8');
  } catch {
    return '';
  }
}

/** `1234 bash`, `manager`, `1234` where the program is not known. */
export function peerText(peer: PeerName): string {
  if (peer.isManager) return 'manager';
  return peer.program === undefined ? String(peer.pid) : `${peer.pid} ${printable(peer.program)}`;
}

/** A user's name, or its uid where it has none. */
export function userText(user: string | undefined, uid: number): string {
  return user === undefined ? String(uid) : printable(user);
}

/** `service web (manage)`, `node 3.17` where there is no label. */
export function nodeText({ node, nodeId, rights }: Pick<HandleInfo, 'node' | 'nodeId' | 'rights'>): string {
  const name = node === undefined ? `node ${nodeId}` : printable(node);
  return rights === undefined ? name : `${name} (${rights})`;
}

/** `3 messages`, `1 message`; empty for none. */
function counted(count: number, noun: string): string {
  if (count === 0) return '';
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}

/** `12 bytes, 1 descriptor`; empty for nothing. */
export function loadText(bytes: number, items: number, descriptors: number): string {
  return [counted(items, 'item'), counted(bytes, 'byte'), counted(descriptors, 'descriptor')]
    .filter((part) => part !== '')
    .join(', ');
}

export function ageText(ms: number): string {
  return durationText(ms);
}

export function peerNameJson(peer: PeerName): { readonly [key: string]: Json } {
  const { id, pid, program, uid, user, isManager } = peer;
  return { id, pid, program: program ?? null, uid, user: user ?? null, manager: isManager };
}

/** A peer as `--json` prints it. Names are stable, here and below. */
export function peerJson(peer: PeerInfo): Json {
  return {
    transport: peer.transport,
    ...peerNameJson(peer),
    age_ms: milliseconds(peer.ageMs),
    rights: peer.rights ?? null,
    nodes: peer.nodes ?? null,
    handles: peer.handles ?? null,
    calls_outstanding: peer.callsOutstanding ?? null,
    replies_owed: peer.repliesOwed ?? null,
    bytes_in_flight: peer.bytesInFlight,
    items_in_flight: peer.itemsInFlight,
    descriptors_in_flight: peer.descriptorsInFlight,
    messages_in: peer.messagesIn,
    messages_out: peer.messagesOut,
    blocked_ms: peer.blockedMs === undefined ? null : milliseconds(peer.blockedMs),
  };
}

export function handleJson(handle: HandleInfo): Json {
  return {
    transport: handle.holder.transport,
    holder: peerNameJson(handle.holder),
    owner: handle.owner === undefined ? null : peerNameJson(handle.owner),
    node_id: handle.nodeId,
    node: handle.node ?? null,
    service: handle.service ?? null,
    rights: handle.rights ?? null,
    count: handle.count,
    uses: handle.uses,
    age_ms: milliseconds(handle.ageMs),
    bytes_in_flight: handle.bytesInFlight,
    descriptors_in_flight: handle.descriptorsInFlight,
    payer: { uid: handle.payerUid, user: handle.payerUser ?? null },
    gone: handle.isGone,
  };
}

export function accountJson(account: AccountInfo): Json {
  return {
    transport: account.transport,
    uid: account.uid,
    user: account.user ?? null,
    peers: account.peers,
    quotas: account.quotas.map(({ resource, used, limit, shares }) => ({
      resource,
      used,
      limit: limit ?? null,
      shares: shares.map(({ uid, user, used: part }) => ({ uid, user: user ?? null, used: part })),
    })),
  };
}

export function passedJson(item: PassedItem): Json {
  const { sender, receiver, quota, payload } = item;
  return {
    kind: item.kind,
    time_ms: item.timeMs,
    transport: item.transport,
    sequence: item.sequence,
    sender: sender === undefined ? null : peerNameJson(sender),
    receiver: receiver === undefined ? null : peerNameJson(receiver),
    node_id: item.nodeId ?? null,
    node: item.node ?? null,
    bytes: item.bytes,
    handles: item.handles,
    descriptors: item.descriptors,
    code: item.code ?? null,
    quota:
      quota === undefined ? null : { resource: quota.resource, uid: quota.uid, user: quota.user ?? null },
    latency_ms: item.latencyMs === undefined ? null : milliseconds(item.latencyMs),
    payload_hex: payload === undefined ? null : Buffer.from(payload).toString('hex'),
    lost: item.lost,
  };
}

/** Microseconds are enough, and no more digits than mean something. */
function milliseconds(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}

/** As wide as the longest name, so that lines of different transports stand below each other. */
const transportWidth = 'datagram'.length;

/** What has passed, as a line for people. */
export function passedText(output: Output, item: PassedItem): string {
  const { sender, receiver, kind, nodeId, node } = item;
  const who = [sender, receiver].map((peer) => (peer === undefined ? '' : peerText(peer)));
  const parts = [
    output.paint('gray', clockText(item.timeMs)),
    item.transport.padEnd(transportWidth),
    output.paint(kind === 'refused' || kind === 'reply-lost' ? 'red' : 'bold', kind.padEnd(11)),
    who.filter((text) => text !== '').length === 2
      ? `${who[0]} → ${who[1]}`
      : sender
        ? `${who[0]} →`
        : `→ ${who[1]}`,
    node === undefined ? (nodeId === undefined ? '' : `node ${nodeId}`) : printable(node),
    sizeText(item),
    item.latencyMs === undefined ? '' : `${item.latencyMs.toFixed(3)} ms`,
    reasonText(item),
    item.payload === undefined ? '' : payloadText(item.payload, item.bytes),
  ];
  return parts.filter((part) => part !== '').join('  ');
}

function sizeText({ kind, bytes, handles, descriptors }: PassedItem): string {
  if (kind === 'node-gone' || kind === 'node-unused' || kind === 'writable' || kind === 'reply-lost')
    return '';
  const more = [counted(handles, 'handle'), counted(descriptors, 'descriptor')].filter((text) => text !== '');
  return [bytes === 1 ? '1 byte' : `${bytes} bytes`, ...more].join(', ');
}

function reasonText({ code, quota }: PassedItem): string {
  if (code === undefined) return '';
  if (quota === undefined) return code;
  return `${code}: the ${quota.resource} of ${userText(quota.user, quota.uid)}`;
}

/** Text where the bytes are text, else hexadecimal. */
function payloadText(payload: Uint8Array, bytes: number): string {
  const more = payload.length < bytes ? '…' : '';
  const text = Buffer.from(payload).toString('utf8');
  const isText = !text.includes('\ufffd') && !/\p{Cc}/u.test(text.replace(/[\t\n\r]/g, ''));
  return isText ? `${JSON.stringify(text)}${more}` : `${Buffer.from(payload).toString('hex')}${more}`;
}

/** `12:00:05.123`, local time. */
function clockText(wallMs: number): string {
  const at = new Date(wallMs);
  const digits = (number: number, count: number): string => String(number).padStart(count, '0');
  return `${digits(at.getHours(), 2)}:${digits(at.getMinutes(), 2)}:${digits(at.getSeconds(), 2)}.${digits(at.getMilliseconds(), 3)}`;
}
