-- Customers and a list of suppressed addresses, the same ones for the same variables: hash() takes the place of
-- chance. 2 % of the customers have neither address nor phone, 5 % are another one again, and 30 % spell their
-- address otherwise than it is hashed. Of a hundred phones, as many as the variable says are written as in Sweden.

SET threads = 2; SET memory_limit = '700MB'; SET preserve_insertion_order = false;
CREATE MACRO dice(value, what, sides) AS (hash(value, what) % sides)::BIGINT;
CREATE MACRO address(person) AS 'customer.' || person || ['@gmail.com', '@example.com', '@mail.example.org',
    '@post.example.se', '@outlook.example.net'][1 + dice(person, 'domain', 5)];
CREATE MACRO digits(person) AS (700000000 + person % 100000000)::VARCHAR;
COPY (
    SELECT customer AS customer_id,
        CASE WHEN dice(customer, 'reject', 50) = 0 THEN 'unknown' ELSE CASE dice(customer, 'spelling', 10)
            WHEN 0 THEN upper(address(person))
            WHEN 1 THEN '  ' || replace(address(person), 'c', 'C') || chr(9)
            WHEN 2 THEN replace(address(person), '@', ' @') || chr(160)
            ELSE address(person) END END AS email,
        CASE WHEN dice(customer, 'reject', 50) = 0 THEN ''
            WHEN dice(person, 'national', 100) < getvariable('national') THEN '0' || digits(person)[:2] || '-'
                || digits(person)[3:5] || ' ' || digits(person)[6:7] || ' ' || digits(person)[8:]
            ELSE '+46' || digits(person) END AS mobile,
        (DATE '2025-01-01' + dice(customer, 'day', 500)::INT)::VARCHAR AS last_purchase
    FROM (
        SELECT customer, CASE WHEN dice(customer, 'twice', 20) = 0 THEN dice(customer, 'whom', getvariable('rows'))
            ELSE customer END AS person
        FROM range(getvariable('rows')) numbers(customer)
    )
) TO 'customers.csv' (HEADER);
COPY (
    SELECT address(dice(number, 'suppressed', getvariable('rows'))) AS email
    FROM range(getvariable('suppressed')) numbers(number)
) TO 'suppressed.csv' (HEADER);
