/**
 * `npm run bench:codecs [-- DIRECTORY]`: times the codecs with benny and prints operations a second; with a directory, benny's JSON goes there.
 */
import benny from 'benny';
import { codecs } from './control-codec.js';

const [directory] = process.argv.slice(2);

await benny.suite(
  'codecs of the control objects',
  ...codecs.flatMap((codec) => {
    const bytes = codec.encode();
    return [
      benny.add(`encode ${codec.name} (${bytes.length} bytes)`, () => codec.encode()),
      benny.add(`decode ${codec.name}`, () => codec.decode(bytes)),
    ];
  }),
  benny.cycle(),
  ...(directory === undefined
    ? []
    : [benny.save({ folder: directory, file: 'codecs', format: 'json', details: true })]),
);
