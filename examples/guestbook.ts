/**
 * A guest book: HTTP answered from SQLite, which works in threads of its own. `npx ts-node examples/guestbook.ts`
 * (before Node 22.16: npm install libsql), and in another terminal:
 *   curl -d 'what a view' localhost:8080/ada    {"id":1}
 *   curl localhost:8080/ada                     [{"said":"what a view"}], or 404 for who has never been here
 *   curl localhost:8080/                        all entries, a line for each, as fast as you read them
 *   curl -d '' localhost:8080/ada               422: the database insists on a few words
 * Ctrl-C ends it once all are answered, and the book is closed.
 */
import { map, takeUntil } from 'rxjs';
import { bytes, over, serve } from 'ropewalk';
import { http, HttpError, json, routes, stream } from 'ropewalk/http';
import { ConstraintViolated, database, listen, run, sqlite } from 'ropewalk/node';

interface Entry {
  readonly guest: string;
  readonly said: string;
}

const db = database(sqlite(':memory:'));
const schema = 'create table entries (id integer primary key, guest text, said text check (length(said) between 1 and 200))';

const site = routes({
  'GET /': () => stream(db.rows<Entry>('select guest, said from entries order by id').pipe(map((entry) => bytes(`${JSON.stringify(entry)}\n`)))),
  'GET /:guest': ({ params: { guest } }) =>
    db.query<Entry>('select said from entries where guest = ? order by id', [guest]).addCallback((entries) => {
      if (entries.length === 0) throw new HttpError(404, `${guest} has never been here`);
      return json(entries);
    }),
  'POST /:guest': (request) =>
    request.text()
      .addCallback((said) => db.execute('insert into entries (guest, said) values (?, ?)', [request.params.guest, said]))
      .addErrback(ConstraintViolated, () => { throw new HttpError(422, 'from 1 to 200 characters'); })
      .addCallback(({ lastId }) => json({ id: lastId }, { status: 201 })),
});

db.script(schema).addCallback(() =>
  run((stopping) => listen('tcp:8080').pipe(takeUntil(stopping), serve(over(http(), site)))),
);
