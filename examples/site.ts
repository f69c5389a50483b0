/**
 * A site: JSON, uploads, files, a log. `npx ts-node examples/site.ts`, and in another terminal:
 *   curl localhost:8080/users/7                               {"id":"7"}
 *   curl -F file=@package.json localhost:8080/upload          [{"name":"file","filename":"package.json","bytes":...}]
 *   curl -r 0-9 --compressed localhost:8080/files/README.md   the first ten bytes
 *   curl -u joe:secret localhost:8080/attic                   hello joe
 * Each answer is a line here. Ctrl-C ends it.
 */
import { concatMap, map, reduce, toArray } from 'rxjs';
import { over, serve } from 'ropewalk';
import { accessLog, basicAuth, compose, conditional, html, http, json, multipart, routes, text } from 'ropewalk/http';
import { compress, files } from 'ropewalk/http/node';
import { listen } from 'ropewalk/node';

const attic = basicAuth({ realm: 'the attic', check: ({ username, password }) => `${username}:${password}` === 'joe:secret' });

const site = compose(accessLog((line) => console.log(line)), compress(), conditional())(
  routes({
    'GET /': () => html('<h1>hello</h1><p><a href="/users/7">user 7</a>, <a href="/files/README.md">a file</a></p>'),
    'GET /users/:id': ({ params }) => json({ id: params.id }),
    'GET /files/*path': files('.'),
    'GET /attic': compose(attic)(({ user }) => text(`hello ${user}`)),
    'POST /upload': (request) =>
      multipart(request).pipe(
        concatMap(({ body, name, filename }) =>
          body.pipe(
            reduce((bytes, chunk) => bytes + chunk.length, 0),
            map((bytes) => ({ name, filename, bytes })),
          ),
        ),
        toArray(),
        map((parts) => json(parts)),
      ),
  }),
);

listen('tcp:8080').pipe(serve(over(http(), site))).subscribe();
