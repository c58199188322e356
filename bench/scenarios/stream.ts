/** W2: a stream of one-way messages, pipelined, over what needs nothing but this project. */
import type { CellDefinition, CellProcesses, Placement } from '../latency/cell.js';
import { streamBatch } from '../peers/stream.js';
import { brokerFirst, clientLast, freshPath, pingPongLaunch, startPeer } from './contenders.js';

/** A cell of W2, whatever the contender. */
export function streamCell(
  contender: string,
  call: 'one-way' | 'signal',
  placement: Placement,
  payloadBytes: number,
  launch: CellDefinition['launch'],
): CellDefinition {
  const messagesPerSample = streamBatch;
  return {
    workload: 'W2',
    contender,
    call,
    payloadBytes,
    placement: placement.name,
    messagesPerSample,
    launch,
  };
}

export function streamCells(placement: Placement, payloadBytes: number): CellDefinition[] {
  const bytes = String(payloadBytes);
  const overTransport =
    (name: string) =>
    async (directory: string): Promise<CellProcesses> => {
      const path = freshPath(directory);
      const start = name === 'bus' ? brokerFirst : clientLast;
      return start([
        () => startPeer(placement.broker, 'hub', name, path),
        () => startPeer(placement.service, 'sink', name, path),
        () => startPeer(placement.client, 'stream', name, path, bytes),
      ]);
    };
  return [
    streamCell(
      'c-seqpacket',
      'one-way',
      placement,
      payloadBytes,
      pingPongLaunch(placement, payloadBytes, 'stream'),
    ),
    ...['sockets', 'bus'].map((name) =>
      streamCell(name, 'one-way', placement, payloadBytes, overTransport(name)),
    ),
  ];
}
