#!/usr/bin/env bash
# A pickled Fortran-ordered object array lists its elements row by row, though its flag says columns.
#
# The state of a pickled numpy array is (version, shape, dtype, is_fortran, content). For numbers,
# content is bytes in the order that is_fortran names. For dtype object it is a list, always in
# C order, whatever the flag says: who reads pickles without numpy's own __setstate__ (a restricted
# unpickler, another language) and believes the flag shuffles the elements, without an error.
# A transposed array of objects, such as landmarks of frames without a face, is such an array.
#
# usage: numpy_object_array_order.sh [version of numpy]
set -euo pipefail
numpy=${1:-2.4.6}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet "numpy==$numpy"
"$work/venv/bin/python" - <<'PY'
import pickle
import sys

import numpy as np

print("numpy", np.__version__)
numbers = np.asfortranarray([[0, 1, 2], [10, 11, 12]], dtype=np.int8)
objects = numbers.astype(object, order="F")
as_described = objects.flags.f_contiguous and not objects.flags.c_contiguous
for array in (numbers, objects):
    _, shape, dtype, is_fortran, content = array.__reduce__()[2]
    print(f"{dtype}: shape {shape}, is_fortran {is_fortran}, content {list(content)}")
    by_columns = list(content) == [0, 10, 1, 11, 2, 12]
    as_described &= bool(is_fortran) and by_columns == (dtype != object)

as_described &= (pickle.loads(pickle.dumps(objects)) == numbers).all()
print("as described" if as_described else "CHANGED: flag and content agree")
sys.exit(not as_described)
PY
