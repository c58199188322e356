/** The drawing of a counter-example: what a reader of the report sees. */
import test from 'ava';
import { drawDelivery } from '../../bench/check/counter-example.js';
import type { MessageDiagram } from '../../bench/check/diagram.js';
import { drawDiagram } from '../../bench/report/diagram-drawing.js';

const diagram: MessageDiagram = {
  processes: ['a', 'b', 'c'],
  rows: 4,
  events: [
    { process: 0, row: 0, kind: 'send', message: 'cause' },
    { process: 1, row: 1, kind: 'receive', message: 'cause' },
  ],
  arrows: [
    { message: 'cause', role: 'link', isBeside: false, from: 0, fromRow: 0, to: 1, toRow: 1 },
    { message: 'effect', role: 'effect', isBeside: false, from: 1, fromRow: 2, to: 2, toRow: 3 },
    { message: 'cause', role: 'cause', isBeside: false, from: 0, fromRow: 0, to: 2, toRow: 4 },
  ],
  property: 'causality',
  sentence: 'c received effect before cause',
};

const named = (text: string, message: string): number => text.split(`>${message}</text>`).length - 1;

test('a multicast is named once where it begins, in the colour of what it is to the reader', (t) => {
  const drawn = drawDiagram(diagram, 'd');
  t.is(named(drawn, 'cause'), 1);
  t.is(named(drawn, 'effect'), 1);
  t.is(drawn.split('<line').length - 1, 3 + 3, 'a line for each process and each arrow');
  t.regex(drawn, /fill="var\(--ink\)"[^>]*>cause</);
});

test('of a multicast that never arrives at one of two the name says so, once', (t) => {
  const [link, effect, cause] = diagram.arrows;
  if (link === undefined || effect === undefined || cause === undefined) throw new Error('no arrows');
  const lost = drawDiagram({ ...diagram, arrows: [link, effect, { ...cause, toRow: null }] }, 'd');
  t.is(named(lost, 'cause'), 0);
  t.is(named(lost, 'cause (never arrives)'), 1);
});

test('what nobody sent has an arrow of its own, and its name fits into the picture', (t) => {
  const histories = { a: [], b: [{ kind: 'receive', message: 'what nobody has ever sent' }] } as const;
  for (const only of [histories, { b: histories.b }]) {
    const found = drawDelivery(only, {
      kind: 'invented',
      message: 'what nobody has ever sent',
      receiver: 'b',
    });
    const drawn = drawDiagram(found, 'd');
    t.is(
      drawn.split('<line').length - 1,
      found.processes.length + 1,
      'a line for each process, and the arrow',
    );
    t.is(drawn.split('marker-end="url(#d-effect)"').length - 1, 1);
    t.is(named(drawn, 'what nobody has ever sent (comes from nobody)'), 1);
    const width = Number(/ width="([\d.]+)"/.exec(drawn)?.[1]);
    const begin = Number(/<text x="([\d.]+)"[^>]*>what nobody/.exec(drawn)?.[1]);
    t.true(width > begin + 'what nobody has ever sent (comes from nobody)'.length * 7, `${width}`);
    t.regex(drawn, /<title[^>]*>A message that did not come as it was sent</);
  }
  t.false(drawDiagram(diagram, 'd').includes('from nobody'));
});

test('an arrow to a process further away does not run through an event between', (t) => {
  const events = [
    ...diagram.events,
    { process: 1, row: 2, kind: 'send', message: 'effect' },
    { process: 2, row: 3, kind: 'receive', message: 'effect' },
    { process: 2, row: 4, kind: 'receive', message: 'cause' },
  ] as const;
  const drawn = drawDiagram({ ...diagram, rows: 5, events }, 'd');
  t.is(drawn.split('<path d="M70 ').length - 1, 1, 'the cause passes the effect in a bow');
  t.is(drawn.split('<line').length - 1, 3 + 2);
});
