/** The same suite for every driver. */
import { withPeers } from '../../peers.ts';
import { postgresWorld } from './postgresWorld.ts';
import { sqliteWorld } from './sqliteWorld.ts';
import { databaseSuite } from './suite.ts';

// Others may be busy with the same processors.
jest.setTimeout(30_000);

withPeers('postgres')('on PostgreSQL', () => databaseSuite(postgresWorld()));

describe('on SQLite', () => databaseSuite(sqliteWorld()));
