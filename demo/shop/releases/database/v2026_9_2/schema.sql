CREATE TABLE IF NOT EXISTS products (
    sku INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    price TEXT NOT NULL,
    sold INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS orders (
    id INTEGER PRIMARY KEY,
    total TEXT NOT NULL,
    authorisation TEXT NOT NULL,
    placed TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP
);
CREATE TABLE IF NOT EXISTS order_lines (
    order_id INTEGER NOT NULL REFERENCES orders (id),
    sku INTEGER NOT NULL REFERENCES products (sku),
    quantity INTEGER NOT NULL,
    price TEXT NOT NULL
);
-- What the replica is handed, in the order of the commits.
CREATE TABLE IF NOT EXISTS journal (
    number INTEGER PRIMARY KEY,
    at REAL NOT NULL,
    statements TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS order_lines_by_order ON order_lines (order_id);
-- Sixty products: every kind in every colour, priced 4.95 to 63.95.
WITH
    kinds (k, kind) AS (
        VALUES (0, 'mug'), (1, 'lamp'), (2, 'scarf'), (3, 'bowl'), (4, 'candle'), (5, 'notebook'),
               (6, 'basket'), (7, 'cushion'), (8, 'vase'), (9, 'apron')
    ),
    colours (c, colour) AS (
        VALUES (0, 'white'), (1, 'blue'), (2, 'green'), (3, 'red'), (4, 'grey'), (5, 'yellow')
    )
INSERT OR IGNORE INTO products (sku, name, price)
SELECT 1 + k * 6 + c, colour || ' ' || kind, printf('%d.95', 4 + (k * 6 + c) * 37 % 60)
FROM kinds, colours;
