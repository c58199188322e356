/** The contract's clauses on the datagram transport. */
import test from 'ava';
import { catalogFixture } from '../conformance/catalog-fixture.js';
import { transportConformance } from '../conformance/index.js';

transportConformance(test, catalogFixture('datagram'));
